# Four words. Everything else is behind them, in scripts/.
SHELL := /bin/bash
PORT ?= 8080
# Build artefacts live outside the clone, so that a fresh clone does not compile the dependencies again.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/campanella/target

.PHONY: run test check bench frontend help

help:            ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: frontend    ## build, and serve the demo Comune on http://127.0.0.1:$(PORT)
	cargo build --release --locked --bin campanella
	@scripts/run.sh $(PORT)

test: frontend   ## everything, on both databases, in a browser: what CI runs
	@scripts/test.sh

check: frontend  ## the quick loop: format, lints, tests on SQLite
	@scripts/check.sh

bench: frontend  ## CPU per request and requests per second, beside an empty handler
	cargo build --release --locked --bin campanella --bin campanella-bench
	@bench/run.sh

frontend:
	@scripts/frontend.sh
