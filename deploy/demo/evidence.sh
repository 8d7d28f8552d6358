# Sourced by run.sh: asks the pipeline for what it captured, shows it, and checks that every marker is there with what belongs to it.
# shellcheck shell=bash disable=SC2154

expected=(tls12 tls13 http2 line script simple prepared)
declare -A missing=()

# The events of a module, one JSON object a line, that hold a marker of this run.
events() {
	"$program" events --data "$work/data" --module "$1" --since 1h --limit 10000 --format ndjson 2>>"$work/query.log" |
		grep -F -- "$marker" >"$work/$1.ndjson" || true
}

# The HTTP requests that tshark finds in the rebuilt file: protocol, stream, what it says of the packet. It knows nothing but that file.
decrypt() {
	"$program" pcap --data "$work/data" --since 1h --port "$nginx_port" -w "$work/demo.pcapng" >>"$work/query.log" 2>&1 || return 0
	tshark -r "$work/demo.pcapng" -d "tcp.port==$nginx_port,tls" -Y "http.request.uri contains \"$marker\" or http2.headers.path contains \"$marker\"" \
		-T fields -e _ws.col.Protocol -e tcp.stream -e _ws.col.Info >"$work/decrypted.txt" 2>>"$work/query.log" || true
	tshark -r "$work/demo.pcapng" -d "tcp.port==$nginx_port,tls" -Y tls.handshake.type==2 -T fields -e tcp.stream -e tls.handshake.extensions.supported_version \
		>"$work/versions.txt" 2>>"$work/query.log" || true
}

# Selections, each true for the one event that a target must have caused.
line_query='select(.type == "shell_command" and .data.kind == "line" and .data.directory == "/usr/share" and (.data.terminal | startswith("pts/")))'
script_query='select(.type == "shell_command" and .data.kind == "exec" and .data.directory == "/etc" and .result.exit_status == 2)'
simple_query='select(.data.kind == "simple" and .data.user == "clerk" and .data.database == "shop" and .data.rows == 3 and .data.duration_ns > 0)'
prepared_query='select(.data.kind == "prepared" and .data.user == "clerk" and .data.rows == 1 and .data.parameters[0].value == "42" and .data.duration_ns > 0)'

has_event() { # MARKER FILE SELECTION
	grep -F -- "$marker-$1" "$work/$2.ndjson" 2>/dev/null | jq -e "$3" >/dev/null 2>&1
}

look() {
	local name
	missing=()
	for name in tls12 tls13 http2; do
		grep -qF "/$marker-$name" "$work/decrypted.txt" 2>/dev/null || missing[$name]=1
	done
	has_event line bash "$line_query" || missing[line]=1
	has_event script bash "$script_query" || missing[script]=1
	has_event simple postgres "$simple_query" || missing[simple]=1
	has_event prepared postgres "$prepared_query" || missing[prepared]=1
}

# What was done a moment ago is in the store when the sink has written it: asked again until everything is there.
collect() {
	local deadline=$((SECONDS + 30)) name
	: >"$work/query.log"
	while :; do
		events bash
		events postgres
		decrypt
		look
		((${#missing[@]})) || return 0
		((SECONDS < deadline)) || break
		attend sleep 0.3
	done
	grep -v '^Running as user' "$work/query.log" | tail -n 5 >&2
	for name in "${expected[@]}"; do
		[[ -z ${missing[$name]:-} ]] || fault "not found: $marker-$name"
	done
	return 1
}

show_packets() {
	local protocol stream info version
	note "requests, from the rebuilt pcapng file ($(stat -c %s "$work/demo.pcapng") bytes), decrypted by tshark:"
	while IFS=$'\t' read -r protocol stream info; do
		version=TLS1.2
		grep -q "^$stream"$'\t.*0x0304' "$work/versions.txt" && version=TLS1.3
		note "  ${dim}$version $protocol${plain}  $info"
	done <"$work/decrypted.txt"
}

show_shell() {
	note "shell commands, from the store:"
	jq -r 'select(.type == "shell_command") | .data as $d
		| "  \($d.shell) \($d.kind)  \($d.text)  in \($d.directory)  on \(if $d.terminal == "" then "no terminal" else $d.terminal end)"
		+ (if .result then ", exit status \(.result.exit_status)" else "" end)' "$work/bash.ndjson" | while IFS= read -r line; do note "$line"; done
}

show_sql() {
	note "SQL, from the store:"
	jq -r '.data as $d | "  \($d.user)@\($d.database) (\($d.kind))  \($d.statement)"
		+ (if ($d.parameters | length) > 0 then "  with " + ([$d.parameters[].value] | join(", ")) else "" end)
		+ "  -> \($d.rows) rows in \($d.duration_ns / 1e6 * 1000 | round / 1000) ms"' "$work/postgres.ndjson" | while IFS= read -r line; do note "$line"; done
}
