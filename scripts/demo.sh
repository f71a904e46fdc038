#!/usr/bin/env bash
# Replays a real conversation against the server that .local/env describes. Arguments go to `duologue-load demo`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ -f $LOCAL/env || -n ${PORT:-} ]] || die "no server is set up here; start one with: make run"
[[ ! -f $LOCAL/env ]] || load_env "$LOCAL/env"
cd "$ROOT"
need_swift
swift build -c release --product duologue-load
raise_file_limit
exec "$(swift build -c release --show-bin-path)/duologue-load" demo "$@"
