#!/usr/bin/env bash
# Refuses a change of the log's schemas that what is in a log or a store could not be read with any more.
#
#   deploy/lint/schemas.sh                   against the newest tag v*, else against main (on main: against the commit before)
#   deploy/lint/schemas.sh DIR OLD_DIR       two folders of schemas
#   SCHEMAS_AGAINST=REF deploy/lint/schemas.sh
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
buf=${ECAPTURE_NATIVE:-/usr/local/lib/ecapture}/buf
[[ -x $buf ]] || buf=$(command -v buf) || {
	echo "schemas.sh: buf is missing: run \`make setup\`, or: deploy/setup/buf.sh" >&2
	exit 1
}

schemas=${1:-$root/schemas/proto}
before=${2:-}
if [[ -z $before ]]; then
	cd "$root"
	reference=${SCHEMAS_AGAINST:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
	if [[ -z $reference ]]; then
		reference=$(git rev-parse --quiet --verify main || git rev-parse --quiet --verify origin/main || git rev-parse HEAD)
		[[ $(git rev-parse HEAD) != "$reference" ]] || reference=$(git rev-parse --quiet --verify HEAD^ || git rev-parse HEAD)
	fi
	before=$(mktemp -d "${TMPDIR:-/tmp}/ecapture-schemas.XXXXXX")
	trap 'rm -rf "$before"' EXIT
	git archive "$reference" schemas/proto | tar -x --strip-components=2 -C "$before"
fi

cd "$schemas"
"$buf" breaking . --against "$before" --config "$root/schemas/proto/buf.yaml" --against-config "$root/schemas/proto/buf.yaml"
