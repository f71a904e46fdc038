#!/usr/bin/env bash
# Random schedules on two nodes of a debug build, on stores of their own: clients whose connections are cut at any byte,
# writes of every kind, kills of nodes and of Redis; then quiet, and every client compared with a fresh fetch.
#
#   N=1000     how many schedules
#   SEED=      decides them; any by default. With N=1 the seed of one schedule, as a red one prints it
#   LANES=3    how many run at a time
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

open_local
cd "$ROOT"
need_swift
scripts/mongod.sh
[[ -n ${SKIP_BUILD:-} ]] || "${SWIFT:-swift}" build --build-tests
raise_file_limit
PATH=$LOCAL/bin:$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin):$PATH
mkdir -p "$LOCAL/property"
export PATH PROPERTY_SCHEDULES=${N:-1000} PROPERTY_LOGS=$LOCAL/property
[[ -z ${SEED:-} ]] || export PROPERTY_SEED=$SEED
[[ -z ${LANES:-} ]] || export PROPERTY_LANES=$LANES
exec swift test --skip-build --filter '^FaultTests\.PropertyTests'
