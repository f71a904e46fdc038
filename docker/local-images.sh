#!/usr/bin/env bash
# Makes the images that the Dockerfile and compose.yaml name, from Debian's packages, the Swift toolchain of this
# machine and the mongod of `make run`; so that both can be tried where no image registry is in reach. They stand in
# for the published ones in a trial and are good for nothing else. Needs root, debootstrap and a running engine.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

is_root || die "debootstrap needs root"
need_swift
command -v debootstrap >/dev/null || die "debootstrap is missing; apt-get install debootstrap"
[[ -x $LOCAL/bin/mongod ]] || "$ROOT/scripts/mongod.sh"

local_images=$ROOT/docker/local-images
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build TAG DIRECTORY: with the builder that every engine has. The host's network, for apt.
build() { DOCKER_BUILDKIT=0 docker build --quiet --network=host --tag "$1" "$2"; }

say "debian:bookworm-slim"
debootstrap --variant=minbase bookworm "$work/debian" >/dev/null
rm -rf "$work"/debian/var/cache/apt/archives/*.deb
tar -C "$work/debian" -c . | docker import - debian:bookworm-slim

say "swift:6.3-bookworm"
mkdir "$work/swift"
cp "$local_images/swift.Dockerfile" "$work/swift/Dockerfile"
cp -a "$(dirname "$(dirname "$(readlink -f "$(command -v swift)")")")" "$work/swift/usr"
build swift:6.3-bookworm "$work/swift"
rm -rf "$work/swift"

say "postgres:15-bookworm"
build postgres:15-bookworm "$local_images/postgres"

say "redis:7-bookworm"
build redis:7-bookworm "$local_images/redis"

say "mongo:6.0"
cp -a "$local_images/mongo" "$work/mongo"
cp "$LOCAL/bin/mongod" "$ROOT/scripts/replica-set.py" "$work/mongo"
mkdir "$work/mongo/python"
cp -a "$LOCAL"/venv/lib/python3*/site-packages/{bson,dns,gridfs,pymongo} "$work/mongo/python"
build mongo:6.0 "$work/mongo"
