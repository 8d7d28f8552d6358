#!/usr/bin/env bash
# Makes the file .env beside docker-compose.yml with random passwords, once: docker compose reads it by itself. And the folder .keys with the key
# pair that TLS secrets are sealed with: back .keys/query.key up, losing it loses every TLS secret (docs/keys.md).
set -euo pipefail
file=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.env
[[ ! -e $file ]] || { echo "secrets.sh: $file is there already; to make new passwords, remove it and the volumes that know the old ones" >&2; exit 1; }
password() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }
umask 077
keys=$(dirname "$file")/.keys
if [[ ! -e $keys ]]; then
	mkdir "$keys"
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/query.key"
	openssl pkey -in "$keys/query.key" -pubout -out "$keys/query.key.pub"
	# The container's user has another id; who is not this user does not get into the folder.
	chmod 0644 "$keys/query.key" "$keys/query.key.pub"
fi
printf 'ECAPTURE_KEYS=%s\n' "$keys" >"$file"
printf 'CLICKHOUSE_PASSWORD=%s\nPOSTGRES_PASSWORD=%s\n' "$(password)" "$(password)" >>"$file"
