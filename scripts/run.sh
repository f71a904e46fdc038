#!/usr/bin/env bash
# From a clean clone to a server in the foreground. What the caller has set in the environment overrides everything.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What .local/env holds, in the order of docs/configuration.md.
variables=(
    POSTGRESQL_URL MONGODB_URL MONGODB_NAME REDIS_URL SECRET_KEY ALGORITHM ACCESS_TOKEN_EXPIRE_MINUTES
    RATE_LIMIT_REQUESTS RATE_LIMIT_WINDOW MAX_CHAT_MEMBERS MAX_SOCKETS_PER_USER MAX_SOCKETS_PER_ADDRESS
    FRAMES_PER_SECOND LOGIN_FAILURES_PER_ADDRESS SPAM_GUARD ALLOWED_ORIGINS HOST PORT LOG_LEVEL
)

# Made once and kept, so that tokens survive a restart.
load_secret() {
    [[ -z ${SECRET_KEY:-} ]] || return 0
    [[ -s $LOCAL/secret ]] || (umask 077 && random_hex 32 >"$LOCAL/secret")
    SECRET_KEY=$(cat "$LOCAL/secret")
    export SECRET_KEY
}

# Written before the server starts. The server inherits the lock and holds it for as long as it lives; so a further
# node, on another port, leaves the file of the first alone.
write_env() {
    local name
    exec 7>"$LOCAL/server.lock"
    if ! flock -n 7; then
        say "another node is serving; .local/env stays that node's"
        return
    fi
    (
        umask 077
        for name in "${variables[@]}"; do printf '%s=%s\n' "$name" "${!name}"; done >"$LOCAL/env.new"
    )
    mv "$LOCAL/env.new" "$LOCAL/env"
}

announce() {
    # shellcheck disable=SC2153 # load_env sets HOST and PORT
    local api=http://$HOST:$PORT/api/v1
    cat >&2 <<TEXT

Duologue serves on http://$HOST:$PORT (settings in .local/env, Ctrl-C ends it, \`make stop\` ends its stores). Try:

  curl -s $api/auth/register -H 'Content-Type: application/json' -d '{"username":"ada","email":"ada@example.org","password":"analytical engine"}'
  TOKEN=\$(curl -s $api/auth/login -H 'Content-Type: application/json' -d '{"username":"ada","password":"analytical engine"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s $api/chats -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' -d '{"type":"group","name":"First words","participant_ids":[]}'

TEXT
}

open_local
cd "$ROOT"
load_env scripts/demo.env
# Pages of this machine, such as one that tries the API out.
export ALLOWED_ORIGINS=${ALLOWED_ORIGINS-http://127.0.0.1:$PORT,http://localhost:$PORT}
! port_taken "$PORT" || die "port $PORT is taken; choose another: PORT=8081 make run"
need_swift

scripts/packages.sh
say "building (release)"
swift build -c release
binaries=$(swift build -c release --show-bin-path)

[[ -n ${MONGODB_URL:-} ]] || scripts/mongod.sh
scripts/stores.sh start "$LOCAL"
load_env "$LOCAL/stores.env"
load_secret
"$binaries/duologue" migrate
write_env
announce
raise_file_limit
exec "$binaries/duologue" serve
