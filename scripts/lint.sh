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
