#!/bin/sh
# Installs libchdb.so, the ClickHouse engine that runs inside a process, from its npm package.
#   deploy/setup/chdb.sh [PREFIX]      PREFIX: folder of the library, default /usr/local/lib/ecapture
# Needs npm (Debian: npm). Done in no time when the pinned version is already there.
set -eu

package=@chdb/lib-linux-x64-gnu
version=26.7.3-stable.1    # pinned: the tag "latest" is older and lacks the insert stream
prefix=${1:-/usr/local/lib/ecapture}
mark=$prefix/libchdb.version

if [ -s "$prefix/libchdb.so" ] && [ "$(cat "$mark" 2>/dev/null)" = "$version" ]; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "chdb.sh: npm is missing: apt-get install npm" >&2
    exit 1
fi
if ! grep -qw avx2 /proc/cpuinfo; then
    echo "chdb.sh: this processor has no AVX2, which libchdb.so needs; use a ClickHouse server (clickhouse://) instead" >&2
    exit 1
fi

mkdir -p "$prefix"
work=$(mktemp -d "$prefix/.chdb.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
(cd "$work" && npm pack --silent "$package@$version" >/dev/null)
# Only the library is unpacked (566 MB, already without symbols): not the addon for node.
tar -xzf "$work"/*.tgz -C "$work" package/libchdb.so
chmod 0755 "$work/package/libchdb.so"
# The rename comes last: an interrupted run leaves the old library or none, never half of one.
rm -f "$mark"
mv "$work/package/libchdb.so" "$prefix/libchdb.so"
echo "$version" > "$mark"
