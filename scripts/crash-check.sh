#!/usr/bin/env bash
# Kills a server of its own under load, starts it again, lets the senders finish under the same ids, and then looks for
# every acknowledged message in both stores and for holes in the numbers. On stores of its own; ROUNDS=3 by default.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/private-server.sh"

rounds=${ROUNDS:-3}
seconds=${SECONDS_OF_LOAD:-8}
private_server_setup "$LOCAL/crash"

for round in $(seq "$rounds"); do
    say "round $round of $rounds"
    start_server
    "$binaries/duologue-load" send --senders 32 --seconds "$seconds" --warmup 1 --journal "$work/journal.$round" &
    load=$!
    sleep "$((2 + RANDOM % (seconds - 3))).$((RANDOM % 10))"
    kill -9 "$server"
    wait "$server" 2>/dev/null || true
    say "killed the server"
    start_server
    wait "$load" || die "the senders did not finish"
    "$binaries/duologue-load" verify --journal "$work/journal.$round" || die "round $round found a fault"
    kill "$server"
    wait "$server" || die "the server did not stop cleanly"
    server=
done
say "every acknowledged message is in both stores, no number is missing"
