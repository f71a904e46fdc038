#!/usr/bin/env bash
# libFuzzer with the address sanitizer on what reads the bytes of strangers. Every input is held to the promises in
# Tests/Fuzz/Properties; the corpora, Tests/Fixtures/fuzz/NAME.corpus, and what was ever found, NAME.findings, are replayed by the
# unit tests as well.
#
#   TARGET=NAME       which; all of them, one after the other, by default
#   SECONDS_EACH=60   for how long each is to run
#   KEEP=1            adds to the corpus the fewest inputs that together reach as much more of the code as all that were found
#
# A finding ends the run: it stands above libFuzzer's report, and its input is in .local/fuzz/NAME. Mend it, and add the input to
# NAME.findings as a line of Base64. Nothing takes it out again, while KEEP drops from a corpus what others make up for.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

fixtures=$ROOT/Tests/Fixtures/fuzz
# A crash is libFuzzer's to report; Swift's own backtrace of a sanitized process takes minutes.
export SWIFT_BACKTRACE=enable=no

# unpack FILE DIRECTORY: a line of Base64 for each input; none where there is no file.
unpack() {
    local line number=0
    rm -rf "$2"
    mkdir -p "$2"
    [[ -f $1 ]] || return 0
    while IFS= read -r line; do
        number=$((number + 1))
        base64 -d <<<"$line" >"$2/$number"
    done <"$1"
}

# pack DIRECTORY FILE: the shortest first.
pack() {
    local input
    for input in "$1"/*; do
        base64 -w 0 "$input"
        echo
    done | awk '{ print length, $0 }' | sort -k 1,1n -k 2 | cut -d ' ' -f 2- >"$2"
}

# fuzz NAME
fuzz() {
    local place=$LOCAL/fuzz/$1 corpus=$fixtures/$1.corpus
    local options=(-max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$place/")
    export FUZZ_TARGET=$1
    touch "$corpus"
    unpack "$corpus" "$place/known"
    unpack "$fixtures/$1.findings" "$place/findings"
    mkdir -p "$place/found"
    say "$1: $seconds s, $(wc -l <"$corpus") known inputs"
    "$program" "${options[@]}" "-max_total_time=$seconds" "$place/found" "$place/known" "$place/findings" ||
        die "$1: a finding; its input is in $place"
    [[ -n ${KEEP:-} ]] || return 0
    find "$place/found" -type f -size +1024c -delete # what is long reaches hardly more
    "$program" -max_len=4096 -set_cover_merge=1 "$place/known" "$place/found"
    pack "$place/known" "$corpus"
    say "$1: $(wc -l <"$corpus") inputs, $(wc -c <"$corpus") bytes kept"
}

seconds=${SECONDS_EACH:-60} # SECONDS itself is Bash's own counter
open_local
cd "$ROOT"
need_swift
# A build of its own: every module is compiled for the fuzzer.
# The compiler heeds the last of several arguments alone, and would then look for bad addresses or for new code, not for both.
options=(-c release --scratch-path .build/fuzz --product duologue-fuzz --sanitize address --sanitize fuzzer -Xswiftc "-sanitize=address,fuzzer")
export DUOLOGUE_FUZZ=1
[[ -n ${SKIP_BUILD:-} ]] || "${SWIFT:-swift}" build "${options[@]}"
program=$("${SWIFT:-swift}" build "${options[@]}" --show-bin-path)/duologue-fuzz
mkdir -p "$fixtures"
for target in ${TARGET:-bson http json search token websocket}; do fuzz "$target"; done
