#!/usr/bin/env bash
# On SQLite and on PostgreSQL, each beside an empty handler in the same run: CPU per request of the pages parents open
# most, and the node's door under 200 callers with few and with many positions.
set -euo pipefail
cd "$(dirname "$0")/.."
programs="$CARGO_TARGET_DIR/release"
folder=$(mktemp -d)
trap 'scripts/postgres.sh stop "$folder/pg" 2>/dev/null || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
failed=0
bench() { "$programs/campanella-bench" "$1" --campanella "$programs/campanella" --database "$2" "${@:3}" || failed=1; }
"$programs/campanella-bench" papers || failed=1
bench pages "sqlite:$folder/bench.sqlite" "$@"
bench node "sqlite:$folder/node.sqlite"
if address=$(scripts/postgres.sh start "$folder/pg"); then
  bench pages "$address" "$@"
  bench node "$address"
else
  echo "PostgreSQL not measured: it is not installed"
fi
exit $failed
