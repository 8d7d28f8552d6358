#!/usr/bin/env bash
# Installs what is missing, by package name, and nothing else. A second run does nothing and takes less than a second.
#
#   setup.sh run            what `make run` needs: compiler and loader of the BPF programs, the ClickHouse engine, the demo's targets
#   setup.sh test           that, and what `make test` needs: Kafka with its Java, librdkafka, compose
#   setup.sh --times FILE   also writes the seconds spent downloading to FILE
#
# No service is started: the package scripts are told so while they run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
native=${ECAPTURE_NATIVE:-/usr/local/lib/ecapture}
account=ecapture
policy=/usr/sbin/policy-rc.d
wanted_sdk=10

fail() {
	echo "setup: $*" >&2
	exit 1
}

# package, and the command that makes the package unnecessary where it comes from somewhere else ("-": only the package will do).
run_packages=(
	"clang clang" "libbpf-dev -" "bpftool bpftool" "make make" "npm npm"
	"nginx nginx" "curl curl" "openssl openssl" "postgresql-15 -" "tshark tshark" "libpcap0.8 -" "expect expect" "jq jq"
	"iproute2 ss" "procps ps" "ca-certificates -"
)
test_packages=(
	"default-jre-headless java" "gcc gcc" "g++ g++" "golang-go go" "pkg-config pkg-config" "libssl-dev -" "zlib1g-dev -" "libzstd-dev -"
	"docker-compose docker-compose" "python3 -" "python3-psycopg -" "mariadb-server -" "mariadb-client -" "gnutls-bin gnutls-cli" "wget wget" "bsdutils script" "netcat-openbsd nc" "sqlite3 sqlite3" "strace strace" "zsh zsh" "libnss3-tools tstclnt" "bpftrace bpftrace" "wrk wrk" "git git" "chromium chromium"
)

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
downloading=0
timed_download() {
	local began status=0
	began=$(milliseconds)
	"$@" || status=$?
	downloading=$((downloading + $(milliseconds) - began))
	return "$status"
}

missing_packages() {
	local entry package command
	local -A installed=()
	while read -r package; do
		installed[$package]=1
	done < <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii *//p')
	for entry in "$@"; do
		read -r package command <<<"$entry"
		[[ -n ${installed[$package]:-} ]] && continue
		[[ $command != - ]] && command -v "$command" >/dev/null && continue
		echo "$package"
	done
}

apt() {
	apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" >>"$log" 2>&1 || {
		tail -n 15 "$log" >&2
		fail "apt-get $1 failed (the end of its output is above): is a Debian package source reachable?"
	}
}

forbid_services() {
	[[ -e $policy ]] && return
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 0755 "$policy"
	own_policy=1
}

finish() {
	[[ -z ${own_policy:-} ]] || rm -f "$policy"
	rm -f "$log"
}

install_packages() {
	local missing
	mapfile -t missing < <(missing_packages "$@")
	((${#missing[@]})) || return 0
	echo "setup: installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	forbid_services
	timed_download apt update
	timed_download apt install --download-only "${missing[@]}"
	apt install "${missing[@]}"
}

check_sdk() {
	local version
	command -v dotnet >/dev/null || fail "the .NET SDK is missing: install .NET SDK $wanted_sdk (Microsoft's package dotnet-sdk-$wanted_sdk.0) so that \`dotnet\` is on the PATH"
	version=$(cd "$here" && dotnet --version 2>/dev/null) || fail "no .NET SDK fits global.json (needs $wanted_sdk): dotnet --list-sdks shows what is installed"
	((${version%%.*} >= wanted_sdk)) || fail ".NET SDK $version is too old: install .NET SDK $wanted_sdk"
}

check_kernel() {
	[[ -r /sys/kernel/btf/vmlinux ]] || fail "/sys/kernel/btf/vmlinux is missing: the kernel must be built with CONFIG_DEBUG_INFO_BTF (Debian's are)"
}

create_account() {
	getent passwd "$account" >/dev/null && return
	useradd --system --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin --user-group "$account"
}

times=
kind=
while (($#)); do
	case $1 in
	--times)
		times=${2:?"--times needs a file"}
		shift
		;;
	run | test) kind=$1 ;;
	*) fail "unknown argument '$1': setup.sh run|test [--times FILE]" ;;
	esac
	shift
done
[[ -n $kind ]] || fail "say what for: setup.sh run|test"
((EUID == 0)) || fail "must run as root, to install packages (and eBPF needs root later): sudo make setup"
command -v apt-get >/dev/null || fail "apt-get is missing: this setup knows Debian 12; elsewhere install by hand: ${run_packages[*]%% *}"
check_kernel

log=$(mktemp "${TMPDIR:-/tmp}/ecapture-setup.XXXXXX")
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [[ $kind == run ]]; then
	install_packages "${run_packages[@]}"
else
	install_packages "${run_packages[@]}" "${test_packages[@]}"
fi
check_sdk
create_account
[[ -s $native/libchdb.so ]] || echo "setup: fetching the ClickHouse engine (libchdb.so) into $native"
timed_download "$here/chdb.sh" "$native" || fail "libchdb.so could not be installed into $native: is the npm registry reachable? (npm ping)"
if [[ $kind == test ]]; then
	timed_download "$here/buf.sh" "$native" || fail "buf could not be installed into $native: is the npm registry reachable? (npm ping)"
	timed_download "$here/kafka.sh" "$native" || fail "Kafka could not be installed into $native: is the npm registry reachable? (npm ping)"
	[[ -s $native/librdkafka.so ]] || echo "setup: building librdkafka.so into $native"
	"$here/librdkafka.sh" "$native" || fail "librdkafka.so could not be built into $native"
fi

[[ -z $times ]] || printf '%d.%03d\n' $((downloading / 1000)) $((downloading % 1000)) >"$times"
if ((downloading >= 1000)); then
	echo "setup: ready (downloads took $((downloading / 1000)) s)"
fi
