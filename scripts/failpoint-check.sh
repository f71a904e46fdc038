#!/usr/bin/env bash
# failpoint-check.sh DEBUG RELEASE: proves that a release build of the server has no trace of failpoints: no symbol, no
# type or case name, no text. Each thing looked for must be found in the debug build, or looking for it shows nothing.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
[ $# = 2 ] || die "usage: failpoint-check.sh DEBUG-BINARY RELEASE-BINARY"
debug=$1 release=$2

# Debugging information names every source file, those that compile to nothing too.
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
objcopy --strip-debug "$release" "$stripped"

# Texts of up to 15 bytes are parts of instructions in Swift, so only longer ones can be looked for.
mapfile -t probes < <("$debug" failpoints | awk 'length > 15')
[ ${#probes[@]} -gt 0 ] || die "the debug build lists no failpoints"
probes+=(DUOLOGUE_FAILPOINTS Failpoint FailingCommitLog FailingBodyStore FailingBroker FailingHistoryStore commitBefore)
for probe in "${probes[@]}"; do
    grep -qaF -- "$probe" "$debug" || die "$probe is not in the debug build, so its absence would prove nothing"
    ! grep -qaF -- "$probe" "$stripped" || die "the release build holds $probe"
done

# It ignores the variable and has nothing to list.
status=0
DUOLOGUE_FAILPOINTS=nonsense "$release" failpoints >/dev/null 2>&1 || status=$?
[ "$status" = 2 ] || die "the release build lists failpoints"
say "the release build has none of ${#probes[@]} traces of failpoints"
