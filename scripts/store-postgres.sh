# The private Postgres cluster, in $data/postgres.
# shellcheck shell=bash disable=SC2154 # data: from stores.sh

# Postgres refuses to run as root; root therefore runs it as the user of Debian's package.
as_postgres() (
    cd /
    if is_root; then
        exec setpriv --reuid=postgres --regid=postgres --init-groups --reset-env -- "$@"
    fi
    exec "$@"
)

# Where the cluster really lies: the user that runs it may not be able to follow $data/postgres.
postgres_home() { readlink -f "$data/postgres"; }

# The newest version installed; for a cluster that exists, the version that made it.
postgres_programs() {
    local version
    version=$(cat "$data/postgres/PG_VERSION" 2>/dev/null) ||
        version=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -n 1)
    [[ -x /usr/lib/postgresql/$version/bin/pg_ctl ]] || die "Postgres $version is not installed"
    echo "/usr/lib/postgresql/$version/bin"
}

# Makes the empty directory of a new cluster. Where user postgres cannot enter $data, as below root's home, the
# directory lies in /var/lib/duologue under a name made from $data, and $data/postgres is a link to it.
make_postgres_directory() {
    local outside
    rm -rf "$data/postgres"
    mkdir "$data/postgres"
    is_root || return 0
    chmod a+x "$data" # search only: the files in it stay closed
    chown postgres:postgres "$data/postgres"
    as_postgres test -w "$data/postgres" && return

    rmdir "$data/postgres"
    outside=/var/lib/duologue/$(sha256sum <<<"$data" | cut -c 1-16)
    # Left by a clone at this very path that has been removed since.
    [[ ! -e $outside ]] || ln -s "$outside" "$data/postgres"
    end_store postgres INT
    rm -rf "$outside" "$data/postgres"
    install -d -m 755 /var/lib/duologue
    install -d -m 700 -o postgres -g postgres "$outside"
    ln -s "$outside" "$data/postgres"
}

# The password file is put in place last: without it a cluster is half made, and is made afresh.
make_postgres_cluster() {
    local password
    say "making a Postgres cluster"
    make_postgres_directory
    password=$(mktemp)
    random_hex 16 >"$password"
    ! is_root || chown postgres "$password"
    as_postgres "$(postgres_programs)/initdb" --pgdata="$(postgres_home)" --username=duologue --pwfile="$password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    cat >>"$data/postgres/postgresql.conf" <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''    # a socket's path is limited to 107 bytes, a clone's is not
max_connections = 200
shared_buffers = 256MB
SETTINGS
    ! is_root || chown root "$password"
    mv "$password" "$data/postgres-password"
}

# Whether any process works in the cluster's directory: the postmaster, or a backend that has outlived it.
postgres_lingers() {
    local directory
    for directory in /proc/[0-9]*/cwd; do
        [[ ! $directory -ef $data/postgres ]] || return 0
    done
    return 1
}

# A postmaster that was killed leaves a pid file, and Postgres would not start while that number lives, be it as another
# program. Once nobody works in the directory the file is stale for certain.
clear_remains_of_postgres() {
    for _ in {1..600}; do
        if ! postgres_lingers; then
            rm -f "$data/postgres/postmaster.pid"
            return
        fi
        sleep 0.1
    done
    die "backends of a Postgres that was killed linger in $data/postgres"
}

launch_postgres() {
    local home port
    [[ -f $data/postgres-password && -d $data/postgres ]] || make_postgres_cluster
    clear_remains_of_postgres
    home=$(postgres_home)
    port=$(choose_port postgres)
    (
        close_descriptors
        as_postgres setsid "$(postgres_programs)/pg_ctl" start --silent --wait --timeout=120 --pgdata="$home" \
            --log="$home/postgres.log" --options="-p $port" </dev/null >/dev/null 2>&1
    ) && return
    tail -n 5 "$home/postgres.log" >&2
    die "Postgres does not come up; see $home/postgres.log"
}

postgres_query() {
    PGPASSWORD=$(cat "$data/postgres-password") psql --host=127.0.0.1 --port="$(port_of postgres)" --username=duologue \
        --dbname=postgres --no-psqlrc --quiet --tuples-only --no-align --command="$1"
}

await_postgres() {
    [[ $(postgres_query "SELECT 1 FROM pg_database WHERE datname = 'duologue'") == 1 ]] ||
        postgres_query "CREATE DATABASE duologue"
}

address_of_postgres() {
    echo "POSTGRESQL_URL=postgresql://duologue:$(cat "$data/postgres-password")@127.0.0.1:$(port_of postgres)/duologue"
}
