#!/usr/bin/env bash
# bench.sh compare|idle|audit|realtime|fanout|search [options]: measures on a fresh server and stores of its own, so that nothing else has grown them.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/private-server.sh"

kind=${1:-compare}
[[ $# -eq 0 ]] || shift
private_server_setup "$LOCAL/bench"
start_server
case $kind in
compare) "$binaries/duologue-load" compare --seconds 30 --rounds 3 --require 0.5 "$@" ;;
idle) "$binaries/duologue-load" idle --pid "$server" --limit 6144 "$@" ;;
audit)
    "$binaries/duologue-load" fill "$@"
    for _ in 1 2 3; do "$binaries/duologue" audit; done
    ;;
realtime) "$binaries/duologue-load" realtime --pid "$server" "$@" ;;
fanout) "$binaries/duologue-load" fanout "$@" ;;
search) "$binaries/duologue-load" search "$@" ;;
*) die "there is no measurement called $kind" ;;
esac
