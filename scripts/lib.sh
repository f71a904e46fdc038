# Shared by the scripts beside it: where things are, how to speak, how to find a free port.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LOCAL=$ROOT/.local

say() { printf '==> %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

is_root() { [[ $EUID -eq 0 ]]; }

# Runs a command as root, asking sudo only where that is needed.
as_root() {
    if is_root; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root: run as root, or install sudo ($*)"
    fi
}

# Everything private lives in .local/, which one user owns: mixing root's files with another's ends in half-readable data.
open_local() {
    mkdir -p "$LOCAL" 2>/dev/null || die "cannot write to $ROOT"
    [[ -O $LOCAL ]] || die "$LOCAL belongs to $(stat -c %U "$LOCAL"); run as that user, or remove it to start afresh"
}

# random_hex BYTES
random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Whether anything listens on this loopback port.
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A port nothing listens on, from below the range the kernel hands to outgoing connections, so that it stays free
# for its owner between two runs.
free_port() {
    local port
    for _ in {1..200}; do
        port=$((20000 + RANDOM % 12000))
        if ! port_taken "$port"; then
            echo "$port"
            return
        fi
    done
    die "found no free port"
}

# load_env FILE: exports the literal NAME=value lines of FILE; what the caller has set wins.
load_env() {
    local name value
    while IFS='=' read -r name value; do
        [[ $name =~ ^[A-Z][A-Z0-9_]*$ ]] || continue
        [[ -n ${!name+set} ]] || export "$name=$value"
    done <"$1"
}

# sudo drops the PATH that found Swift, so the usual places are looked at too.
need_swift() {
    local directory
    command -v swift >/dev/null && return
    for directory in /opt/swift*/usr/bin /usr/local/swift*/usr/bin "$(getent passwd "${SUDO_USER:-$(id -un)}" | cut -d: -f6)/.local/share/swiftly/bin"; do
        if [[ -x $directory/swift ]]; then
            PATH=$directory:$PATH
            return
        fi
    done
    die "swift is not in PATH; install Swift 6.2 or newer (https://www.swift.org/install/linux/)"
}

# An open file is a socket: the default soft limit of 1024 would be the first thing a load test hits.
raise_file_limit() {
    local hard
    hard=$(ulimit -Hn)
    [[ $hard == unlimited || $hard -gt 1048576 ]] && hard=1048576
    ulimit -n "$hard"
}

# python_package NAME VERSION: makes sure of a PyPI package in the private environment .local/venv.
# Debian's own interpreter, by full path: another one earlier in PATH may lack venv.
python_package() {
    local python=$LOCAL/venv/bin/python
    [[ -x $python ]] || /usr/bin/python3 -m venv "$LOCAL/venv"
    compgen -G "$LOCAL/venv/lib/python3*/site-packages/${1//-/_}-$2*.dist-info" >/dev/null && return
    say "installing $1 $2 into .local/venv"
    "$python" -m pip install --quiet --disable-pip-version-check "$1==$2"
}
