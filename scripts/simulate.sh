#!/usr/bin/env bash
# simulate.sh [ARGUMENTS…]: builds and runs duologue-simulate, which says what its arguments are when given a wrong one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
need_swift
swift build -c release --product duologue-simulate >&2
exec "$(swift build -c release --show-bin-path)/duologue-simulate" "$@"
