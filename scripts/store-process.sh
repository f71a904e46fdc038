# What the private stores have in common as processes: pid files, ports, beginning and ending.
# $data is the directory that holds one directory for each store; file descriptor 9 is the lock of stores.sh.
# shellcheck shell=bash disable=SC2154 # data: from stores.sh

# store_pid NAME: its process id, or failure. A pid file outlives its process and the number may have gone to another
# since, so the process must also be working in that store's own directory, which all three do.
store_pid() {
    local file=$data/$1/pid pid
    [[ $1 == postgres ]] && file=$data/postgres/postmaster.pid
    [[ -r $file ]] || return 1
    read -r pid <"$file" || return 1
    [[ $pid =~ ^[0-9]+$ && /proc/$pid/cwd -ef $data/$1 ]] || return 1
    echo "$pid"
}

# port_of NAME: the port chosen for it last, if any.
port_of() { sed -n "s/^$1=//p" "$data/ports" 2>/dev/null; }

# choose_port NAME: prints the port to start it on: the one it had, or a new one where another program took that.
choose_port() {
    local port
    port=$(port_of "$1")
    if [[ -z $port ]] || port_taken "$port"; then
        touch "$data/ports"
        port=$(free_port)
        while grep -q "=$port\$" "$data/ports"; do port=$(free_port); done
        { grep -v "^$1=" "$data/ports" || true; echo "$1=$port"; } >"$data/ports.new"
        mv "$data/ports.new" "$data/ports"
    fi
    echo "$port"
}

# Closes what was inherited. A store outlives its starter by far, and would keep the starter's locks held and its pipes
# open for as long. (Bash's own descriptor 255 closes by itself.)
close_descriptors() {
    local path descriptor
    for path in /proc/"$BASHPID"/fd/*; do
        descriptor=${path##*/}
        if ((descriptor > 2 && descriptor != 255)); then eval "exec $descriptor>&-"; fi
    done
}

# launch NAME COMMAND…: starts a store in its directory, in a session of its own, so that neither a Ctrl-C nor the end
# of this script or terminal reaches it.
launch() {
    local name=$1
    shift
    mkdir -p "$data/$name"
    (
        close_descriptors
        cd "$data/$name" || exit
        raise_file_limit
        exec setsid "$@" </dev/null >>"$name.log" 2>&1
    ) &
    echo $! >"$data/$name/pid"
}

# await NAME COMMAND…: until the command succeeds; fails early, with the log's end, when the store's process is gone.
await() {
    local name=$1
    shift
    for _ in {1..600}; do
        "$@" >/dev/null 2>&1 && return
        # A process that has not reached its directory yet is not gone: only a vanished one is.
        store_pid "$name" >/dev/null || kill -0 "$(cat "$data/$name/pid")" 2>/dev/null || break
        sleep 0.1
    done
    tail -n 5 "$data/$name/$name.log" >&2
    die "$name does not come up; see $data/$name/$name.log"
}

# end_store NAME SIGNAL: asks it to end, waits, and kills it after 30 seconds.
end_store() {
    local pid
    pid=$(store_pid "$1") || return 0
    kill -s "$2" "$pid" 2>/dev/null || true
    for _ in {1..300}; do
        store_pid "$1" >/dev/null || return 0
        sleep 0.1
    done
    say "$1 does not end, killing it"
    kill -s KILL "$pid" 2>/dev/null || true
    while store_pid "$1" >/dev/null; do sleep 0.1; done
}
