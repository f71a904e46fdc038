#!/usr/bin/env bash
# Installs the Debian packages that building and running need, and that are missing. Arguments: further packages.
# With nothing missing it neither needs root nor touches the network.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

packages=(
    pkg-config libuv1-dev libhttp-parser-dev libpq-dev libmongoc-dev libhiredis-dev libsodium-dev libcrypt-dev libjansson-dev libssl-dev zlib1g-dev libutf8proc-dev
    postgresql redis-server libcurl4 # mongod links libcurl
    python3-venv ca-certificates curl util-linux procps
    "$@"
)

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

command -v apt-get >/dev/null || die "this set-up knows only Debian; install yourself: ${missing[*]}"
say "installing ${missing[*]}"
as_root apt-get update -qq

# Our stores are private; Debian's own cluster and service, which the packages would start, are of no use to us.
# The switch for the cluster is put back, so that whoever installs Postgres for real later gets Debian's default.
cluster_settings=/etc/postgresql-common/createcluster.conf
new_redis=false
if [[ " ${missing[*]} " == *" postgresql "* ]]; then
    apt_install postgresql-common
    as_root cp -p "$cluster_settings" "$cluster_settings.before"
    trap 'as_root mv "$cluster_settings.before" "$cluster_settings"' EXIT
    as_root sed -i 's/^#*create_main_cluster *=.*/create_main_cluster = false/' "$cluster_settings"
fi
[[ " ${missing[*]} " == *" redis-server "* ]] && new_redis=true

apt_install "${missing[@]}"

if $new_redis && [[ -d /run/systemd/system ]]; then
    as_root systemctl disable --now redis-server.service >/dev/null 2>&1 || true
fi
