#!/bin/bash
# Succeeds when the server says that it and every store it needs are ready. Bash alone, because the image has no HTTP
# client and needs none otherwise.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/${PORT:-8080}"
printf 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
read -r _ status _ <&3
[[ $status == 200 ]]
