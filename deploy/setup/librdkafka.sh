#!/usr/bin/env bash
# librdkafka, the C client that Confluent.Kafka calls: PREFIX/librdkafka.so, built from the sources in an npm package.
# Usage: librdkafka.sh [PREFIX]. A second run does nothing.
# Needs npm, gcc, g++, make, pkg-config, libssl-dev, zlib1g-dev and libzstd-dev.
set -euo pipefail

prefix=${1:-/usr/local/lib/ecapture}
package=@confluentinc/kafka-javascript@1.10.1 # librdkafka 2.15.1, the version of Directory.Packages.props
marker=$prefix/.librdkafka-2.15.1

[[ -e $marker && -e $prefix/librdkafka.so ]] && exit 0
for tool in npm:npm gcc:gcc g++:g++ make:make pkg-config:pkg-config; do
	command -v "${tool%%:*}" >/dev/null || {
		echo "librdkafka.sh: ${tool%%:*} is missing: apt-get install ${tool#*:}" >&2
		exit 1
	}
done
for library in libssl:libssl-dev zlib:zlib1g-dev libzstd:libzstd-dev; do
	pkg-config --exists "${library%%:*}" || {
		echo "librdkafka.sh: ${library%%:*} is missing: apt-get install ${library#*:}" >&2
		exit 1
	}
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=$(cd "$work" && npm pack --silent "$package") || {
	echo "librdkafka.sh: npm could not fetch $package: is a package registry reachable?" >&2
	exit 1
}
tar -xzf "$work/$file" -C "$work"
cd "$work/package/deps/librdkafka"
{
	./configure --disable-gssapi --disable-curl --disable-lz4-ext
	make -j"$(nproc)" -C src librdkafka.so.1
} >"$work/build.log" 2>&1 || {
	tail -n 20 "$work/build.log" >&2
	echo "librdkafka.sh: the build failed" >&2
	exit 1
}
strip -g src/librdkafka.so.1

mkdir -p "$prefix"
# In one step: a program that has the old file mapped keeps it.
install -m 0755 src/librdkafka.so.1 "$prefix/.librdkafka.so.new"
mv -f "$prefix/.librdkafka.so.new" "$prefix/librdkafka.so"
: >"$marker"
