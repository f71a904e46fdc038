#!/usr/bin/env bash
# stores.sh start|stop|status DIR: the private Postgres, MongoDB and Redis whose data, logs and ports live in DIR.
#
# start  starts those that do not run, waits until all serve, and leaves their addresses in DIR/stores.env. A store
#        whose address the caller has set (POSTGRESQL_URL, MONGODB_URL, REDIS_URL) is the caller's and is not started.
# stop   ends all that run, cleanly, and by force after a while.
#
# They listen on loopback only. Postgres asks for a password, since its superuser may run programs; MongoDB and Redis
# do not, so on a machine shared with strangers bring your own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$ROOT/scripts/store-process.sh"
source "$ROOT/scripts/store-postgres.sh"
source "$ROOT/scripts/store-mongo.sh"
source "$ROOT/scripts/store-redis.sh"

[[ $# -eq 2 ]] || die "usage: stores.sh start|stop|status DIR"
action=$1
[[ $action == start || -d $2 ]] || exit 0
umask 077
mkdir -p "$2"
data=$(cd "$2" && pwd -P)

start() {
    local wanted=() name
    [[ -n ${POSTGRESQL_URL:-} ]] || wanted+=(postgres)
    [[ -n ${MONGODB_URL:-} ]] || wanted+=(mongo)
    [[ -n ${REDIS_URL:-} ]] || wanted+=(redis)
    # The slow beginnings overlap: all are launched before any is waited for.
    for name in "${wanted[@]}"; do store_pid "$name" >/dev/null || "launch_$name"; done
    for name in "${wanted[@]}"; do "await_$name"; done
    for name in "${wanted[@]}"; do "address_of_$name"; done >"$data/stores.env.new"
    mv "$data/stores.env.new" "$data/stores.env"
}

stop() {
    end_store redis TERM
    end_store mongo TERM
    end_store postgres INT # Postgres' fast shutdown: it does not wait for clients
}

status() {
    local name pid
    for name in postgres mongo redis; do
        if pid=$(store_pid "$name"); then
            printf '%-9s running  127.0.0.1:%s  pid %s\n' "$name" "$(port_of "$name")" "$pid"
        else
            printf '%-9s stopped\n' "$name"
        fi
    done
}

exec 9>"$data/lock"
flock 9 # two runs at once must not start a store twice
case $action in
    start | stop | status) "$action" ;;
    *) die "unknown action $action" ;;
esac
