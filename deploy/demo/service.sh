# Sourced by run.sh: builds, starts and watches `ecapture run`.
# shellcheck shell=bash disable=SC2154

milliseconds() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# Long children run in the background: bash handles Ctrl-C while it waits, not while a foreground child runs.
attend() {
	"$@" &
	wait $!
}

build() {
	local began
	if ! make --no-print-directory -C "$top" -q publish; then
		step "building"
		began=$(milliseconds)
		attend make --no-print-directory -C "$top" restore || {
			fault "the NuGet packages could not be restored"
			return 1
		}
		# A restore that has all packages takes a few seconds; what is above that went over the network.
		downloaded=$(awk -v before="$downloaded" -v ms=$(($(milliseconds) - began)) 'BEGIN { print before + (ms > 6000 ? ms / 1000 : 0) }')
		attend make --no-print-directory -C "$top" publish || {
			fault "the build failed"
			return 1
		}
	fi
	program=$top/out/ecapture/ecapture
	# The clone may stand in a folder that only root can enter; the program also runs as user $account.
	if ! runuser -u "$account" -- test -x "$program" 2>/dev/null; then
		cp -r "$top/out/ecapture" "$work/program"
		chmod -R u=rwX,go=rX "$work/program"
		program=$work/program/ecapture
	fi
}

start_service() {
	local api_port
	api_port=$(free_port $((28000 + RANDOM % 4000)))
	api=http://127.0.0.1:$api_port
	start service "$work/service.log" "$program" run --data "$work/data" --interface lo --listen "$api" --user "$account"
	wait_for 60 "the service to be ready at $api/health/ready" service_ready && kill -0 "${running[service]}" 2>/dev/null || return 1
	mapfile -t bpf_programs < <(held_programs "${running[service]}")
	note "ready: ${#bpf_programs[@]} BPF programs loaded, API at $api"
}

service_ready() {
	kill -0 "${running[service]}" 2>/dev/null || {
		fault "the service ended"
		return 0
	}
	# The line comes when both halves are ready, the API and the probes.
	grep -q '^ready: ' "$work/service.log" && curl --silent --fail --max-time 2 "$api/health/ready"
}

# The process and everything below it.
tree() {
	local child
	echo "$1"
	for child in $(ps -o pid= --ppid "$1"); do
		tree "$child"
	done
}

# Ids of the BPF programs that a process tree holds: attached or not, they are gone when nobody holds or runs them.
held_programs() {
	local pid
	for pid in $(tree "$1"); do
		cat "/proc/$pid/fdinfo/"* 2>/dev/null
	done | sed -n 's/^prog_id:[[:space:]]*//p' | sort -un
}

# A program that is still attached to a probe or an interface is still listed. The kernel frees them a moment later than their holder.
check_leftovers() {
	local left=() id name deadline=$((SECONDS + 5))
	((${#bpf_programs[@]})) || return 0
	mapfile -t bpf_programs < <(printf '%s\n' "${bpf_programs[@]}" | sort -un)
	while :; do
		left=()
		for id in "${bpf_programs[@]}"; do
			bpftool prog show id "$id" >/dev/null 2>&1 && left+=("$id")
		done
		((${#left[@]} && SECONDS < deadline)) || break
		sleep 0.1
	done
	for id in "${left[@]}"; do
		name=$(bpftool prog show id "$id" 2>/dev/null | head -n 1)
		fault "still loaded after the end: BPF program $name"
	done
	((${#left[@]})) || note "nothing left: all ${#bpf_programs[@]} BPF programs are gone"
}

stay_up() {
	step "staying up"
	note "API          $api   (health: $api/health/ready)"
	note "targets      nginx https://127.0.0.1:$nginx_port   PostgreSQL 127.0.0.1:$postgres_port (user clerk, database shop)"
	note "look at it   $program events --data $work/data --since 10m"
	note "stop it      Ctrl-C, or: kill $$"
	while kill -0 "${running[service]}" 2>/dev/null; do
		attend sleep 1
	done
	fault "the service ended by itself"
	return 1
}
