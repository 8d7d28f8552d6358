#!/usr/bin/env bash
# `make run`: installs what is missing, builds, starts `ecapture run`, drives real programs with a marker made for this run, and shows that
# the marker of every one of them came out at the other end. Exit code 0 only then. Leaves nothing running and nothing attached.
#
#   KEEP=1          stay up afterwards, until Ctrl-C
#   ECAPTURE_...    options of the program (docs: ecapture run --help)
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
marker=m$(printf '%x' "$(date +%s)")x$(printf '%04x' "$RANDOM")
account=ecapture
umask 022
work=
program=
declare -A running=()     # name -> pid of what this script started
bpf_programs=()           # ids of the BPF programs that the service held

exec 3>&1 4>&2

# shellcheck source=deploy/demo/report.sh
source "$here/report.sh"
# shellcheck source=deploy/demo/targets.sh
source "$here/targets.sh"
# shellcheck source=deploy/demo/drive.sh
source "$here/drive.sh"
# shellcheck source=deploy/demo/service.sh
source "$here/service.sh"
# shellcheck source=deploy/demo/evidence.sh
source "$here/evidence.sh"

# start NAME LOG command...: in a session of its own, so that Ctrl-C reaches this script alone and the order of the end is ours.
start() {
	local name=$1 log=$2
	shift 2
	setsid "$@" >"$log" 2>&1 </dev/null 3>&- 4>&- &
	running[$name]=$!
}

# stop NAME SIGNAL SECONDS: what does not end in time is killed, and that is a fault.
stop() {
	local pid=${running[$1]:-} deadline=$((SECONDS + $3)) status=0
	[[ -n $pid ]] || return 0
	unset "running[$1]"
	kill -s "$2" "$pid" 2>/dev/null
	while kill -0 "$pid" 2>/dev/null; do
		((SECONDS < deadline)) || {
			fault "$1 did not end within $3 s after SIG$2; killed"
			kill -s KILL -- "-$pid" 2>/dev/null
			wait "$pid" 2>/dev/null
			return 0
		}
		sleep 0.05
	done
	wait "$pid" 2>/dev/null || status=$?
	((status == 0)) || fault "$1 ended with exit code $status"
	return 0
}

finish() {
	local status=$?
	trap - EXIT
	trap '' INT TERM HUP
	# A signal may come while a function's output is sent elsewhere.
	exec 1>&3 2>&4
	if ((${#running[@]})); then
		step "stopping everything"
		[[ -z ${running[service]:-} ]] || mapfile -t -O "${#bpf_programs[@]}" bpf_programs < <(held_programs "${running[service]}")
		stop service TERM 20
		stop nginx QUIT 5
		stop postgres INT 10
		check_leftovers
	fi
	((faults == 0)) || ((status)) || status=1
	if ((status == 1)) && [[ -n $work && -s $work/service.log ]]; then
		echo "the last lines of the service:" >&2
		tail -n 15 "$work/service.log" >&2
	fi
	[[ -z $work ]] || rm -rf "$work"
	closing_line "$status"
	exit "$status"
}

main() {
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	((EUID == 0)) || {
		fault "must run as root: eBPF programs are loaded into the kernel"
		return 1
	}
	work=$(mktemp -d /var/tmp/ecapture-run.XXXXXX)
	chmod 0711 "$work"

	step "setup"
	"$top/deploy/setup/setup.sh" run --times "$work/downloads" || return 1
	downloaded=$(<"$work/downloads")
	build || return 1

	step "starting the targets: nginx, PostgreSQL"
	start_nginx && start_postgres || return 1
	step "starting ecapture run"
	start_service || return 1

	step "driving them with the marker $marker"
	drive_tls && drive_interactive_bash && drive_bash_script && drive_postgres || return 1

	step "reading back what was captured"
	collect || return 1
	show_packets
	show_shell
	show_sql
	((faults == 0)) || return 1
	good "all ${#expected[@]} markers were found"

	if [[ ${KEEP:-0} == 1 ]]; then
		stay_up
	fi
}

main
