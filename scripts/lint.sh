#!/usr/bin/env bash
# What can be said of the sources without a build, in seconds: their format, the scripts, the compose file.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$ROOT"
need_swift
scripts/packages.sh shellcheck
swift format lint --strict --parallel --recursive Package.swift Sources Tests
shellcheck --external-sources --source-path=SCRIPTDIR scripts/*.sh docker/*.sh docker/local-images/*/*.sh .ci/run
SECRET_KEY=check POSTGRES_PASSWORD=check scripts/compose.sh -f docker/compose.yaml config --quiet
# The image is built from what its build stage copies, and that must be a whole package.
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
while read -r path; do
    grep -qx "!$path" .dockerignore || die "docker/Dockerfile copies $path, which .dockerignore leaves out"
    cp -r --parents "$path" "$context"
done < <(sed -n '/ AS build/,/^FROM .*RUNTIME_IMAGE/s/^COPY \([^ ]*\) .*/\1/p' docker/Dockerfile)
swift package --package-path "$context" describe >/dev/null
