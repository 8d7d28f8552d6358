#!/usr/bin/env bash
# Makes the file .env beside docker-compose.yml with random passwords, once: docker compose reads it by itself.
set -euo pipefail
file=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.env
[[ ! -e $file ]] || { echo "secrets.sh: $file is there already; to make new passwords, remove it and the volumes that know the old ones" >&2; exit 1; }
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
umask 077
printf 'CLICKHOUSE_PASSWORD=%s\nPOSTGRES_PASSWORD=%s\n' "$(password)" "$(password)" >"$file"
