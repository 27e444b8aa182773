#!/usr/bin/env bash
# A private PostgreSQL for the tests: `postgres.sh start FOLDER` prints its address, `postgres.sh stop FOLDER` ends it.
# PostgreSQL refuses to run as root: as root it runs as the user postgres of Debian's package.
set -euo pipefail
folder=$2
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
[ -n "$bin" ] || { echo "no PostgreSQL is installed" >&2; exit 1; }
as_owner() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/bash -c "cd / && $1"; else bash -c "$1"; fi; }
case $1 in
  start)
    mkdir -p "$folder"
    [ "$(id -u)" = 0 ] && chown postgres "$folder"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as_owner "$bin/initdb -D $folder/data -U campanella --auth=trust -E UTF8 --locale=C.UTF-8" >"$folder.initdb.log"
    as_owner "$bin/pg_ctl -D $folder/data -w -l $folder/log -o '-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=300 -c shared_buffers=256MB' start" >/dev/null
    as_owner "$bin/createdb -h 127.0.0.1 -p $port -U campanella campanella"
    echo "postgres://campanella@127.0.0.1:$port/campanella"
    ;;
  stop)
    as_owner "$bin/pg_ctl -D $folder/data -w -m fast stop" >/dev/null
    ;;
esac
