# A release server on stores of its own, for measurements and crash tests. To be sourced after lib.sh.
# shellcheck shell=bash

work=
server=
binaries=

# private_server_setup DIRECTORY: builds, starts fresh stores, migrates; all of it ends with the script.
private_server_setup() {
    work=$1
    open_local
    cd "$ROOT" || exit
    need_swift
    unset POSTGRESQL_URL MONGODB_URL MONGODB_NAME REDIS_URL SECRET_KEY PORT
    scripts/packages.sh
    scripts/mongod.sh
    swift build -c release
    binaries=$(swift build -c release --show-bin-path)
    scripts/stores.sh stop "$work"
    rm -rf "$work"
    trap private_server_cleanup EXIT
    scripts/stores.sh start "$work"
    load_env "$work/stores.env"
    load_env scripts/demo.env
    LOG_LEVEL=warning
    SECRET_KEY=$(random_hex 32)
    PORT=$(free_port)
    export LOG_LEVEL SECRET_KEY PORT DUOLOGUE_URLS=http://127.0.0.1:$PORT
    raise_file_limit
    "$binaries/duologue" migrate
}

private_server_cleanup() {
    if [[ -n $server ]]; then
        kill -9 "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    scripts/stores.sh stop "$work"
}

start_server() {
    "$binaries/duologue" serve 2>>"$work/server.log" &
    server=$!
    for _ in {1..600}; do
        kill -0 "$server" 2>/dev/null || break
        if port_taken "$PORT"; then return; fi
        sleep 0.1
    done
    die "the server did not start: $(tail -n 3 "$work/server.log")"
}
