#!/usr/bin/env bash
# CPU per request of the pages parents open most, on SQLite and on PostgreSQL, beside an empty handler in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."
programs="$CARGO_TARGET_DIR/release"
folder=$(mktemp -d)
trap 'scripts/postgres.sh stop "$folder/pg" 2>/dev/null || true; rm -rf "$folder"' EXIT
chmod 755 "$folder"
failed=0
"$programs/campanella-bench" papers || failed=1
"$programs/campanella-bench" pages --campanella "$programs/campanella" --database "sqlite:$folder/bench.sqlite" "$@" || failed=1
if address=$(scripts/postgres.sh start "$folder/pg"); then
  "$programs/campanella-bench" pages --campanella "$programs/campanella" --database "$address" "$@" || failed=1
else
  echo "PostgreSQL not measured: it is not installed"
fi
exit $failed
