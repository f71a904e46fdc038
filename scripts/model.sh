#!/usr/bin/env bash
# model.sh [full|bounded]: verifies the models in Tests/Model with Spin, and that each knock-out of a part of the protocol
# is refuted by the invariant it should break. What is proved is proved by a complete search: a search that ran out of
# depth, memory or time counts as a failure. See docs/model.md.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

extent=${1:-full}
case $extent in
full) seconds=540 ;;
bounded) seconds=300 ;; # for one search; all of them take less than 40 on two idle cores
*) die "there is no extent called $extent" ;;
esac

# search TITLE MODEL MEMORY_MB DEFINES…: compiles and runs one search in a directory of its own and leaves pan's report
# there. With ENDLESS among the defines it looks for runs without end, otherwise for violations and deadlocks.
search() {
    local title=$1 model=$2 memory=$3 status=0 build=-DSAFETY optimisation=-O2 run=() pan
    shift 3
    if [[ " $* " == *" ENDLESS "* ]]; then
        build=-DNOSTUTTER
        run=(-a)
    fi
    [[ $* != *KNOCKOUT=* ]] || optimisation=-O0 # found sooner than compiled
    directory=$work/${title//[^a-zA-Z0-9_]/-}
    mkdir "$directory"
    cp "$ROOT"/Tests/Model/*.pml "$directory"
    cd "$directory" || exit
    spin -a "${@/#/-D}" "$model.pml" >spin.log 2>&1 || die "$title: $(head -n 3 spin.log)"
    gcc $optimisation -w "$build" -DCOLLAPSE -DNOFAIR "-DMEMLIM=$memory" -o pan pan.c || die "$title: pan.c does not compile"
    timeout "$seconds" ./pan -m100000 "${run[@]}" >report 2>&1 &
    pan=$!
    trap 'kill "$pan"; exit 1' TERM
    wait "$pan" || status=$?
    [[ $status -ne 124 ]] || die "$title: not finished after $seconds s"
    if grep -iE 'max search depth too small|out of memory|reached -DMEMLIM' report >&2; then die "$title: truncated"; fi
    grep -q 'errors: ' report || die "$title: pan failed: $(head -n 3 report)"
}

# size: what the last report says of its size.
size() {
    awk '/states, stored/ { states = $1 } /total actual memory/ { memory = $1 } /elapsed time/ { time = $4 }
        END { printf "%d states, %.0f MB, %s s", states, memory, time }' "$directory/report"
}

# found: the first error in the last report.
found() { grep -m 1 -E '^pan:1:|errors:' "$directory/report" | cut -c 1-140; }

# proved TITLE MODEL MEMORY_MB DEFINES…: a complete search finds nothing.
proved() {
    search "$@"
    grep -q 'errors: 0$' "$directory/report" || die "$1: $(found)"
    if grep -q 'Search not completed' "$directory/report"; then die "$1: the search was not completed"; fi
    printf 'proved   %-44s %s\n' "$1" "$(size)"
}

# refuted PART ERROR MODEL DEFINES…: without this part of the protocol, this is the first error that is found.
refuted() {
    local part=$1 error=$2 model=$3
    shift 3
    search "$model without $part" "$model" 1000 "KNOCKOUT=$part" "$@"
    grep -qE "^pan:1: $error" "$directory/report" || die "without $part: expected $error, got: $(found)"
    printf 'refuted  %-44s %s (%s)\n' "$model without $part" "${error//[^a-zA-Z0-9_ ]/}" "$(size)"
}

violates() { refuted "$1" "assertion violated \\($2\\|\\|" "${@:3}"; }
never_ends() { refuted "$1" "acceptance cycle" "${@:2}" ENDLESS; }

# Two searches at a time: begin COMMAND… waits for a free place, finish for all of them. Every search gets its say
# before a failure ends the script.
running=0
failures=0
reap() {
    wait -n || failures=$((failures + 1))
    running=$((running - 1))
}
begin() {
    [[ $running -lt 2 ]] || reap
    ("$@") &
    running=$((running + 1))
}
finish() { while [[ $running -gt 0 ]]; do reap; done; }

open_local
"$ROOT/scripts/packages.sh" spin gcc libc6-dev
work=$(mktemp -d "$LOCAL/model.XXXXXX")
directory=
trap 'kill $(jobs -p) 2>/dev/null || true; wait || true; rm -rf "$work"' EXIT

# What happens in writes.pml: A and B sent, A edited, A deleted, the sender removed, A purged.
A=1 B=2 E=4 D=8 R=16 P=32

if [[ $extent == full ]]; then
    begin proved "send A and B, edit, delete" writes 4500 WANTED=$((A + B + E + D))
    begin proved "delete, remove, purge" writes 1500 WANTED=$((A + D + R + P))
    begin proved "delivery, 2 and 1 events, end" delivery 1500 EVENTS_0=2 EVENTS_1=1 ENDLESS
    begin proved "send A and B, delete, purge" writes 1500 WANTED=$((A + B + D + P))
    begin proved "delivery, 2 and 1 events" delivery 1000 EVENTS_0=2 EVENTS_1=1
    begin proved "edit, delete, end" writes 1000 WANTED=$((A + E + D)) ENDLESS
    begin proved "edit, remove" writes 1000 WANTED=$((A + E + R))
    begin proved "send A and B, edit, end" writes 1500 WANTED=$((A + B + E)) ENDLESS
    begin proved "send A and B, remove, end" writes 1500 WANTED=$((A + B + R)) ENDLESS
fi
begin proved "send A and B, remove" writes 1000 WANTED=$((A + B + R))
begin proved "send A and B, edit" writes 1000 WANTED=$((A + B + E))
begin proved "edit, delete, purge" writes 1000 WANTED=$((A + E + D + P))
begin proved "send A and B, end" writes 1000 WANTED=$((A + B)) ENDLESS
begin proved "delivery, 3 events" delivery 1000 EVENTS_0=3 EVENTS_1=0
begin proved "delivery, 1 event each" delivery 1000 EVENTS_0=1 EVENTS_1=1
begin proved "delivery, 2 events, end" delivery 1000 EVENTS_0=2 EVENTS_1=0 ENDLESS

begin violates REV_GUARD I3_an_event_is_in_mongo_or_a_redo_covers_it writes WANTED=$((A + E + D))
begin violates DEDUPE I4_one_event_for_an_operation writes WANTED=$((A + B))
begin violates TOMBSTONE I8_purged_content_stays_purged writes WANTED=$((A + E + D + P))
begin violates PURGE_WAITS I8_purged_content_stays_purged writes WANTED=$((A + E + D + P))
begin violates PUBLISH_THEN_DROP I7_faults_stop_and_all_is_finished writes WANTED=$((A + B))
begin violates STORE_THEN_DROP I3_an_event_is_in_mongo_or_a_redo_covers_it writes WANTED=$((A + B))
begin violates STORE_THEN_ACK I1_acknowledged_is_in_both_stores writes WANTED=$((A + B))
begin violates STORE_THEN_PUBLISH I6_announced_is_in_both_stores writes WANTED=$((A + B))
begin violates DUPLICATE_WAITS I1_acknowledged_is_in_both_stores writes WANTED=$((A + B))
begin violates DEDUPE_FIRST I4_a_refused_operation_has_no_event writes WANTED=$((A + R))
begin violates LOCKED_RIGHTS I10_the_actor_was_a_member writes WANTED=$((A + R))
begin violates REV_CHECK I8_an_old_body_is_the_one_replaced writes WANTED=$((A + E + D))
begin violates ALLOCATE_INSIDE I5_offsets_have_no_hole writes WANTED=$((A + B))
begin violates WHOLE_ROW I6_announced_is_in_both_stores writes WANTED=$((A + B))
begin never_ends CALLER_WAITS writes WANTED=$((A + B))
begin violates IN_ORDER I9_received_without_hole_or_double delivery EVENTS_0=2 EVENTS_1=0
begin violates ONCE I9_received_without_hole_or_double delivery EVENTS_0=2 EVENTS_1=0
begin violates FILL_UNCOVERED I6_announced_is_in_both_stores delivery EVENTS_0=2 EVENTS_1=0
begin violates FILL I7_faults_stop_and_all_is_finished delivery EVENTS_0=2 EVENTS_1=0
begin violates END_IN_HUB I10_a_removed_member_receives_nothing delivery EVENTS_0=2 EVENTS_1=0
begin violates END_IN_CATCH_UP I10_a_removed_member_receives_nothing delivery EVENTS_0=2 EVENTS_1=0
begin violates MEMBERS_ONLY I10_a_removed_member_receives_nothing delivery EVENTS_0=2 EVENTS_1=0
begin violates CATCH_UP I7_faults_stop_and_all_is_finished delivery EVENTS_0=2 EVENTS_1=0
begin violates BEYOND_CATCH_UP I9_received_without_hole_or_double delivery EVENTS_0=2 EVENTS_1=0
finish
[[ $failures -eq 0 ]] || die "$failures searches did not end as they must"
say "the $extent model holds, and every knock-out is refuted, in $SECONDS s"
