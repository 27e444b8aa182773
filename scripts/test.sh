#!/usr/bin/env bash
# Everything that is tested, step by step; the last line counts. As root it installs from Debian what is missing.
set -uo pipefail
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
cache=${CAMPANELLA_CACHE:-$HOME/.cache/campanella}
work=$(mktemp -d)
chmod 755 "$work"
trap 'scripts/postgres.sh stop "$work/pg" 2>/dev/null || true; rm -rf "$work"' EXIT
mkdir -p "$cache"

heading() { printf '\n== %s\n' "$1"; }
pass() { passed=$((passed + ${1:-1})); }
fail() { failed=$((failed + 1)); printf 'FAILED: %s\n' "$1"; }
skip() { skipped=$((skipped + 1)); printf 'skipped: %s\n' "$1"; }
step() { local name=$1; shift; heading "$name"; if "$@"; then pass; else fail "$name"; fi; }

# Installs Debian packages where the program is missing and we may.
need() {
  local program=$1; shift
  command -v "$program" >/dev/null 2>&1 && return 0
  [ "$(id -u)" = 0 ] || return 1
  [ -f "$work/updated" ] || { apt-get update -qq && touch "$work/updated"; }
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$work/apt.log" 2>&1 || { tail -3 "$work/apt.log"; return 1; }
}

heading 'tools'
need xmlsec1 xmlsec1 || skip 'xmlsec1 is not installed: signatures are not compared with it'
need pdftotext poppler-utils || skip 'poppler is not installed: the text of the papers is not read back'
need dmtxread dmtx-utils || skip 'libdmtx is not installed: the codes of the postal slips are not read back'
need zbarimg zbar-tools || skip 'zbar is not installed: the QR codes of the papers are not read back'
if ! ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1; then need /no/such/program postgresql; fi
if address=$(scripts/postgres.sh start "$work/pg"); then
  export CAMPANELLA_TEST_POSTGRES=$address
else
  skip 'PostgreSQL is not installed: everything runs on SQLite only'
fi
need chromium chromium
need openssl openssl
need curl curl
need nginx nginx-light || skip 'nginx is not installed: cards are not tried behind a proxy'

step 'format' cargo fmt --all --check
# Tests may unwrap; what ships may not.
step 'lints of what ships' cargo clippy --workspace --locked --quiet -- -D warnings
step 'lints of the tests' cargo clippy --workspace --all-targets --locked --quiet -- -D warnings -A clippy::unwrap_used

heading 'Rust tests, on both databases'
if cargo nextest --version >/dev/null 2>&1; then
  RUST_BACKTRACE=0 cargo nextest run --workspace --locked --no-fail-fast --status-level fail --final-status-level fail 2>&1 | tee "$work/rust.log"
  [ "${PIPESTATUS[0]}" = 0 ] || fail 'Rust tests'
  pass "$(grep -oE '[0-9]+ passed' "$work/rust.log" | tail -1 | grep -oE '[0-9]+' || echo 0)"
  step 'examples in the documentation' cargo test --workspace --locked --quiet --doc
else
  cargo test --workspace --locked 2>&1 | tee "$work/rust.log"
  [ "${PIPESTATUS[0]}" = 0 ] || fail 'Rust tests'
  pass "$(grep -oE '[0-9]+ passed' "$work/rust.log" | grep -oE '[0-9]+' | awk '{ n += $1 } END { print n + 0 }')"
fi

step 'the program' cargo build --release --locked --bin campanella
export CAMPANELLA="$CARGO_TARGET_DIR/release/campanella"

heading 'the papers as PDF/UA-1'
if [ ! -x "$cache/venv/bin/python" ]; then python3 -m venv "$cache/venv" 2>/dev/null || { need /no/such/program python3-venv; python3 -m venv "$cache/venv"; }; fi
if "$cache/venv/bin/pip" install --quiet --disable-pip-version-check -r e2e/papers/requirements.txt; then
  cargo run --quiet --locked --example samples -- "$work/papers" && "$cache/venv/bin/python" e2e/papers/check.py "$work/papers" && pass || fail 'papers'
else
  skip 'the checker of papers cannot be installed'
fi

heading 'identity: hostile messages'
if [ ! -x "$cache/identity/bin/python" ]; then python3 -m venv "$cache/identity"; fi
if "$cache/identity/bin/pip" install --quiet --disable-pip-version-check -r e2e/identity/requirements.txt; then
  "$cache/identity/bin/python" e2e/identity/attacks.py 2>&1 | tee "$work/attacks.log"
  [ "${PIPESTATUS[0]}" = 0 ] || fail 'hostile messages'
  pass "$(grep -oE '^[0-9]+ hostile' "$work/attacks.log" | grep -oE '[0-9]+' || echo 0)"

  heading 'identity: the official suite'
  if command -v xmlsec1 >/dev/null 2>&1 && command -v openssl >/dev/null 2>&1; then
    "$cache/identity/bin/python" e2e/identity/suite.py 2>&1 | tee "$work/suite.log"
    [ "${PIPESTATUS[0]}" = 0 ] || fail 'the official suite'
    pass "$(grep -oE '^[0-9]+ checks' "$work/suite.log" | grep -oE '[0-9]+' || echo 0)"
  else
    skip 'the official suite needs xmlsec1 and openssl'
  fi
else
  skip 'the official suite and the signer of hostile messages cannot be installed'
fi

heading 'the node, by a client of its published WSDL'
wsdl=${CAMPANELLA_PAGOPA_DATA:-../shared/data/pagopa}
if [ ! -f "$wsdl/wsdl/paForNode.wsdl" ]; then
  skip 'the published WSDL is not here (CAMPANELLA_PAGOPA_DATA): the node is not asked by a client built from it'
elif { [ -x "$cache/venv-node/bin/python" ] || python3 -m venv "$cache/venv-node"; } && "$cache/venv-node/bin/pip" install --quiet --disable-pip-version-check -r e2e/pagopa/requirements.txt; then
  "$cache/venv-node/bin/python" e2e/pagopa/check.py "$CAMPANELLA" "$wsdl" 2>&1 | tee "$work/node.log"
  [ "${PIPESTATUS[0]}" = 0 ] || fail 'the node'
  pass "$(grep -oE 'node: [0-9]+ passed' "$work/node.log" | grep -oE '[0-9]+' || echo 0)"
  skipped=$((skipped + $(grep -c '^skipped ' "$work/node.log")))
else
  skip 'the client of the node cannot be installed'
fi

heading 'the browser, the faults'
if command -v "${CHROMIUM:-chromium}" >/dev/null 2>&1; then
  (cd e2e && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) || fail 'npm ci'
  for file in e2e/*.test.mjs; do
    (cd e2e && node --test --test-concurrency=1 --test-reporter=tap "$(basename "$file")") >"$work/e2e.log" 2>&1 || { fail "$file"; grep -vE '^ *(duration_ms|type:|---|\.\.\.)' "$work/e2e.log" | tail -60; }
    grep -E '^# (pass|fail) ' "$work/e2e.log"
    pass "$(grep -oE '^# pass [0-9]+' "$work/e2e.log" | grep -oE '[0-9]+' || echo 0)"
  done
else
  skip 'Chromium is not installed: no page was looked at'
fi

printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ]
