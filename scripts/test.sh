#!/usr/bin/env bash
# Every check there is, on stores of its own that are made afresh and ended with it. A running `make run` is not
# disturbed, and its stores, like any the caller names, are never touched. The stores keep the durability they have in
# production: a test of what survives a kill is worth nothing on one that does not sync.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# step TEXT COMMAND…: runs it and says how long it took.
step() {
    local text=$1 begun=$SECONDS
    shift
    say "$text"
    "$@" || die "$text: failed after $((SECONDS - begun)) s"
    say "$text: $((SECONDS - begun)) s"
}

# Swift warnings are errors already; this catches those of the linker and of the package itself.
build_without_warnings() {
    local log=$LOCAL/build.log
    swift build "$@" 2>&1 | tee "$log" || return 1
    ! grep -q 'warning:' "$log"
}

# What failed stands last: of so many tests at once, nobody finds it in the middle.
run_tests() {
    local log=$LOCAL/tests.log
    swift test --skip-build 2>&1 | tee "$log" && return
    say "what failed:"
    grep -E '✘|error: Exited|Fatal error|unexpected signal' "$log" >&2 || tail -n 40 "$log" >&2
    return 1
}

open_local
exec 8>"$LOCAL/test.lock"
flock -n 8 || die "another make test is running in this clone"
cd "$ROOT"
need_swift
unset POSTGRESQL_URL MONGODB_URL MONGODB_NAME REDIS_URL SECRET_KEY

step "packages" scripts/packages.sh shellcheck python3-websockets chromium # the last two run docs/examples
step "mongod" scripts/mongod.sh
step "lint" scripts/lint.sh
step "model" scripts/model.sh bounded
step "build (release)" build_without_warnings -c release
simulate=$(swift build -c release --show-bin-path)/duologue-simulate
step "simulation" "$simulate" 10000
step "simulation with mistakes planted" "$simulate" 10000 --all-bugs
step "build (tests)" build_without_warnings --build-tests
step "no failpoints in release" scripts/failpoint-check.sh "$(swift build --show-bin-path)/duologue" \
    "$(swift build -c release --show-bin-path)/duologue"

scripts/stores.sh stop "$LOCAL/test" # left by a run that was killed
rm -rf "$LOCAL/test"
trap 'scripts/stores.sh stop "$LOCAL/test"' EXIT
step "stores" scripts/stores.sh start "$LOCAL/test"
load_env "$LOCAL/test/stores.env"
SECRET_KEY=$(random_hex 32)
export MONGODB_NAME=duologue SECRET_KEY
# Tests that stop and kill stores start their own from here.
postgres_programs=$(dirname "$(readlink -f "/proc/$(head -n 1 "$LOCAL/test/postgres/postmaster.pid")/exe")")
export PATH=$LOCAL/bin:$postgres_programs:$PATH
raise_file_limit

step "migrate" "$(swift build -c release --show-bin-path)/duologue" migrate
step "tests" run_tests
kinds=node-kill,node-freeze,node-rolling-restart,postgres-kill,postgres-freeze,postgres-commit-reply-lost,mongo-kill,mongo-freeze,mongo-step-down,redis-freeze,redis-slow,client-duplicates
step "schedules" env SKIP_BUILD=1 N="${SCHEDULES:-30}" scripts/property.sh
step "faults" env SKIP_BUILD=1 N="${N:-12}" KIND="${KIND:-$kinds}" TABLE="$LOCAL/test/faults.tsv" scripts/fault.sh
step "schemathesis" scripts/schemathesis.sh 1000
say "all green in $SECONDS s"
