#!/usr/bin/env bash
# schemathesis.sh [N]: at least N requests (1000) made up from /openapi.json, against a server and stores of its own. Any
# 5xx, and any status, type, field or body that the document does not declare, is a failure, and so is a request that is
# done although the document forbids it. Ids are random in one run, and those of a real chat of the caller in the next.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/private-server.sh"

wanted=${1:-1000}
[[ $wanted =~ ^[1-9][0-9]*$ ]] || die "N must be a number: $wanted"
private_server_setup "$LOCAL/schemathesis"
python_package schemathesis 4.32.5
start_server
api=$DUOLOGUE_URLS/api/v1

# post PATH BODY [TOKEN]: the answer's body.
post() { curl -sf "$api/$1" ${3:+-H "Authorization: Bearer $3"} -H 'Content-Type: application/json' -d "$2"; }
field() { /usr/bin/python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
# person NAME: registers somebody, and prints their id.
person() { post auth/register "{\"username\":\"$1\",\"email\":\"$1@example.org\",\"password\":\"$password\"}" | field user_id; }

password=$(random_hex 16)
person caller >/dev/null
other=$(person other)
token=$(post auth/login "{\"username\":\"caller\",\"password\":\"$password\"}" | field access_token)
chat=$(post chats "{\"type\":\"group\",\"name\":\"Tried\",\"participant_ids\":[$other]}" "$token" | field chat_id)
message=$(post "chats/$chat/messages" '{"content":"To be tried"}' "$token" | field message_id)
cat scripts/schemathesis.toml - >"$work/real.toml" <<EOF_REAL

[parameters]
"path.id" = $chat
"path.user_id" = $other
"path.message_id" = "$message"
EOF_REAL

operations=$(curl -sf "$DUOLOGUE_URLS/openapi.json" | /usr/bin/python3 -c 'import json, sys; print(sum(map(len, json.load(sys.stdin)["paths"].values())))')
# How many a run makes up for each operation, beside those that walk the edges of every shape.
examples=$((wanted / operations / 2 + 1))
checks=not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance
checks=$checks,response_schema_conformance,negative_data_rejection

# try CONFIGURATION LOG: one run; what ends sessions is left out, or every later request would be refused for its token.
# It runs beside its logs, since it leaves a directory of its own where it runs.
try() {
    cd "$work" || return
    "$LOCAL/venv/bin/schemathesis" --config-file "$1" run "$DUOLOGUE_URLS/openapi.json" \
        --header "Authorization: Bearer $token" --exclude-operation-id-regex '^(logout|changePassword|.*Session.*)$' \
        --phases coverage,fuzzing --checks "$checks" --max-examples "$examples" --workers 1 \
        --generation-database none --no-color >"$2" 2>&1
}

total=0
run=0
while ((total < wanted)); do
    for configuration in "$ROOT/scripts/schemathesis.toml" "$work/real.toml"; do
        run=$((run + 1))
        log=$work/run-$run.log
        if ! (try "$configuration" "$log"); then
            sed -n '/= FAILURES =/,$p;/= ERRORS =/,$p' "$log" >&2
            die "run $run found a fault; all of it is in $log"
        fi
        made=$(sed -nE 's/^ *([0-9]+) generated.*/\1/p' "$log")
        [[ -n $made ]] || die "run $run tried nothing: see $log"
        total=$((total + made))
        say "run $run: $made requests, $total in all, nothing found"
    done
done
