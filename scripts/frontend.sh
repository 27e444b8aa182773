#!/usr/bin/env bash
# Builds frontend/dist from the locked npm packages, only when something it is made of has changed.
set -euo pipefail
cd "$(dirname "$0")/../frontend"
stamp=$( { cat package-lock.json build.mjs; find src ../crates/web/templates ../crates/web/src ../crates/sandbox -type f 2>/dev/null | sort | xargs cat; } | sha256sum | cut -c1-64)
[ -f dist/.stamp ] && [ "$(cat dist/.stamp)" = "$stamp" ] && exit 0
locked=$(sha256sum package-lock.json | cut -c1-64)
if [ ! -f node_modules/.locked ] || [ "$(cat node_modules/.locked)" != "$locked" ]; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$locked" > node_modules/.locked
fi
node build.mjs
echo "$stamp" > dist/.stamp
