#!/bin/sh
# Installs buf, which compares the schemas of the log with those of before, from its npm package.
#   deploy/setup/buf.sh [PREFIX]      PREFIX: folder of the program, default /usr/local/lib/ecapture
# Needs npm (Debian: npm). Done in no time when the pinned version is already there.
set -eu

package=@bufbuild/buf-linux-x64
version=1.75.0
prefix=${1:-/usr/local/lib/ecapture}
mark=$prefix/buf.version

if [ -x "$prefix/buf" ] && [ "$(cat "$mark" 2>/dev/null)" = "$version" ]; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "buf.sh: npm is missing: apt-get install npm" >&2
    exit 1
fi

mkdir -p "$prefix"
work=$(mktemp -d "$prefix/.buf.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
(cd "$work" && npm pack --silent "$package@$version" >/dev/null)
tar -xzf "$work"/*.tgz -C "$work" package/bin/buf
chmod 0755 "$work/package/bin/buf"
rm -f "$mark"
mv "$work/package/bin/buf" "$prefix/buf"
echo "$version" > "$mark"
