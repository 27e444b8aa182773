#!/usr/bin/env bash
# Serves the demo Comune: the portal on PORT, the test identity provider and payment page on the next port,
# the pagoPA node's listener on the one after.
set -euo pipefail
port=${1:-8080}
folder=${CAMPANELLA_DEMO:-$HOME/.cache/campanella/demo-$port}
mkdir -p "$folder"
exec "$CARGO_TARGET_DIR/release/campanella" demo \
  --listen "127.0.0.1:$port" --sandbox "127.0.0.1:$((port + 1))" --node "127.0.0.1:$((port + 2))" \
  --database "sqlite:$folder/campanella.sqlite"
