#!/usr/bin/env bash
# autobahn.sh [CASE...]: runs the Autobahn TestSuite against `duologue-load echo` and prints its verdicts by section.
# Without cases, such as '6.*' or 12.1.3, all 517 run. The suite is written for Python 2.7, which Debian had last in
# bullseye, so it lives in a bullseye of its own in .local/autobahn. Needs root, for debootstrap and chroot.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

is_root || die "debootstrap and chroot need root"
open_local
cd "$ROOT"
need_swift
scripts/packages.sh debootstrap

system=$LOCAL/autobahn
suite=/opt/autobahn/bin/wstest

# Runs a command in the suite's own Debian, with nothing of this environment but the network and the certificates.
inside() { env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root PIP_CERT=/etc/ssl/certs/ca-certificates.crt chroot "$system" "$@"; }

if [[ ! -x $system$suite ]]; then
    say "obtaining the Autobahn TestSuite"
    rm -rf "$system"
    debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,python2.7-dev,virtualenv bullseye "$system" >/dev/null
    cp /etc/resolv.conf "$system/etc/resolv.conf"
    cp /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/ca-certificates.crt"
    inside virtualenv --quiet --no-download --python python2.7 /opt/autobahn
    # Debian's own pip 20.3.4 cannot build packages for Python 2.7; the same version from PyPI can.
    inside /opt/autobahn/bin/pip install --quiet --force-reinstall pip==20.3.4 2>/dev/null
    inside /opt/autobahn/bin/pip install --quiet autobahntestsuite==25.10.1 2>/dev/null
fi

swift build -c release --product duologue-load
port=$(free_port)
"$(swift build -c release --show-bin-path)/duologue-load" echo --port "$port" &
echo_server=$!
trap 'kill "$echo_server" 2>/dev/null; wait "$echo_server" 2>/dev/null || true' EXIT
for _ in {1..100}; do
    port_taken "$port" && break
    sleep 0.1
done
port_taken "$port" || die "the echo server does not listen"

rm -rf "$system/reports"
mkdir "$system/reports"
printf -v cases '"%s",' "${@:-*}"
cat >"$system/reports/spec.json" <<EOF
{
    "outdir": "/reports",
    "servers": [{"agent": "duologue", "url": "ws://127.0.0.1:$port"}],
    "cases": [${cases%,}],
    "exclude-cases": [],
    "exclude-agent-cases": {}
}
EOF
say "running the suite; its log is .local/autobahn/reports/log"
inside "$suite" --mode fuzzingclient --spec /reports/spec.json >"$system/reports/log" 2>&1 \
    || die "the suite ended early: $(tail -n 1 "$system/reports/log")"
say "the report is .local/autobahn/reports/index.html"
expected=0
[[ $# -gt 0 ]] || expected=517
/usr/bin/python3 scripts/autobahn-summary.py "$system/reports/index.json" "$expected"
