#!/usr/bin/env bash
# The quick loop: format, lints and the Rust tests on SQLite.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all --check
cargo clippy --workspace --locked --quiet -- -D warnings
cargo clippy --workspace --all-targets --locked --quiet -- -D warnings -A clippy::unwrap_used
if cargo nextest --version >/dev/null 2>&1; then
  cargo nextest run --workspace --locked
else
  cargo test --workspace --locked
fi
