#!/usr/bin/env bash
# Rounds of faults under load, each followed by a comparison of everything that was promised with everything there is.
# On a deployment of its own: Postgres, a MongoDB set of three, Redis and three nodes of a debug build.
#
#   N=12      how many rounds
#   SEED=     decides the faults, their moments and the load; any by default
#   KIND=     faults by name or by the beginning of names, separated by commas: node-kill,postgres; a whole name means that one only
#   TABLE=    where the rounds are added up, .local/fault/rounds.tsv by default
#
# `fault.sh table` prints what has been added up, as markdown.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

open_local
cd "$ROOT"
mkdir -p "$LOCAL/fault"
table=${TABLE:-$LOCAL/fault/rounds.tsv}
disks=

# Small disks can run full. They are not below .local: Postgres' user must get there.
mount_disks() {
    local name size
    disks=$(mktemp -d /tmp/duologue-disks.XXXXXX)
    chmod 755 "$disks"
    for name in postgres:512m mongo-0:768m mongo-1:768m mongo-2:768m redis:64m; do
        size=${name#*:}
        name=${name%:*}
        mkdir "$disks/$name"
        quietly_as_root mount -t tmpfs -o "size=$size,mode=1777" tmpfs "$disks/$name" || return 1
    done
}

unmount_disks() {
    local directory
    [[ -n $disks ]] || return 0
    for directory in "$disks"/*; do
        for _ in {1..50}; do
            mountpoint -q "$directory" || break
            quietly_as_root umount "$directory" && break
            sleep 0.1 # until the last store has let go
        done
    done
    rm -rf --one-file-system "$disks"
    disks=
}

# As root where that needs no password.
quietly_as_root() {
    if is_root; then "$@" 2>/dev/null; else sudo -n "$@" 2>/dev/null; fi
}

if [[ ${1:-} == table ]]; then
    need_swift
    FAULT_TABLE=$table FAULT_RENDER=1 swift test --skip-build --filter '^FaultTests\.' 2>&1 | sed -n '/^|/p'
    exit
fi

need_swift
scripts/packages.sh faketime
scripts/mongod.sh
[[ -n ${SKIP_BUILD:-} ]] || "${SWIFT:-swift}" build --build-tests
raise_file_limit
PATH=$LOCAL/bin:$(pg_config --bindir 2>/dev/null || echo /usr/lib/postgresql/15/bin):$PATH
export PATH

trap unmount_disks EXIT
trap 'exit 130' INT TERM
if ! mount_disks; then
    unmount_disks
    say "no root without a password: full disks are not tried"
fi
export FAULT_ROUNDS=${N:-12} FAULT_TABLE=$table
[[ -z ${SEED:-} ]] || export FAULT_SEED=$SEED
[[ -z ${KIND:-} ]] || export FAULT_KINDS=$KIND
[[ -z $disks ]] || export FAULT_DISKS=$disks
swift test --skip-build --filter '^FaultTests\.'
