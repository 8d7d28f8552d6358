# Sourced by run.sh: drives each target once, with a marker that no other run has.
# shellcheck shell=bash disable=SC2154 # work, marker, nginx_port, postgres_port, pg_bin: set by run.sh and targets.sh

request() {
	local path=$1
	shift
	curl --silent --show-error --max-time 10 --insecure --resolve "demo.example:$nginx_port:127.0.0.1" "$@" \
		--output /dev/null --write-out '%{http_code}\n' "https://demo.example:$nginx_port/$path" | grep -qx 200 || {
		fault "curl got no answer for /$path from nginx"
		return 1
	}
}

drive_tls() {
	request "$marker-tls12" --tlsv1.2 --tls-max 1.2 --http1.1
	request "$marker-tls13" --tlsv1.3 --http1.1
	request "$marker-http2" --tlsv1.3 --http2
}

# A person at a terminal: a line typed into an interactive bash behind a pseudo-terminal. The command fails, its status is part of the record.
drive_interactive_bash() {
	MARKER=$marker expect -f - >"$work/expect.log" 2>&1 <<-'EXPECT' || {
		set timeout 20
		spawn -noecho /bin/bash --norc --noprofile -i
		expect -re {\$ $|# $} {} timeout { exit 1 }
		send "PS1='rea'dy'> '; cd /usr/share\r"
		expect "ready> " {} timeout { exit 1 }
		send "grep $env(MARKER)-line /etc/hostname\r"
		expect "ready> " {} timeout { exit 1 }
		send "exit\r"
		expect eof {} timeout { exit 1 }
	EXPECT
		tail -n 5 "$work/expect.log" >&2
		fault "the interactive bash did not answer"
		return 1
	}
}

# A script without a terminal of its own; ls cannot find the file and ends with status 2.
drive_bash_script() {
	cat >"$work/nightly.sh" <<-SCRIPT
		#!/bin/bash
		cd /etc
		/bin/ls /$marker-script
		true
	SCRIPT
	bash "$work/nightly.sh" >"$work/nightly.log" 2>&1
}

drive_postgres() {
	sql clerk shop -c "SELECT id, item, '$marker-simple' AS marker FROM orders WHERE id <= 3" >/dev/null || {
		fault "psql could not run its statement"
		return 1
	}
	# psql of PostgreSQL 15 has no extended protocol; pgbench does, and sends :variables as parameters.
	echo 'SELECT id, item FROM orders WHERE id = :number OR item = :marker;' >"$work/prepared.sql"
	"$pg_bin/pgbench" -n -t 1 -M prepared -h 127.0.0.1 -p "$postgres_port" -U clerk -f "$work/prepared.sql" \
		-D number=42 -D "marker=$marker-prepared" shop >"$work/pgbench.log" 2>&1 || {
		tail -n 5 "$work/pgbench.log" >&2
		fault "pgbench could not run its prepared statement"
		return 1
	}
}
