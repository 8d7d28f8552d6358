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
	"$program" pcap --data "$work/data" --since 1h --port "$nginx_port" --reason demo -w "$work/demo.pcapng" >>"$work/query.log" 2>&1 || return 0
	tshark -r "$work/demo.pcapng" -d "tcp.port==$nginx_port,tls" -Y "http.request.uri contains \"$marker\" or http2.headers.path contains \"$marker\"" \
		-T fields -e _ws.col.Protocol -e tcp.stream -e _ws.col.Info >"$work/decrypted.txt" 2>>"$work/query.log" || true
	tshark -r "$work/demo.pcapng" -d "tcp.port==$nginx_port,tls" -Y tls.handshake.type==2 -T fields -e tcp.stream -e tls.handshake.extensions.supported_version \
		>"$work/versions.txt" 2>>"$work/query.log" || true
}

# Selections, each true for the one event that a target must have caused. This script's own commands hold the markers as well.
line_query='select(.data.kind == "line" and .data.text == "grep \($marker)-line /etc/hostname" and .data.directory == "/usr/share"
	and (.data.terminal | startswith("pts/")) and .result.exit_status == 1)'
script_query='select(.data.kind == "exec" and .data.text == "/bin/ls /\($marker)-script" and .data.directory == "/etc" and .result.exit_status == 2)'
simple_query='select(.data.kind == "simple" and (.data.statement | contains("\($marker)-simple")) and .data.user == "clerk" and .data.database == "shop"
	and .data.rows == 3 and .data.duration_ns > 0)'
prepared_query='select(.data.kind == "prepared" and .data.user == "clerk" and .data.database == "shop" and .data.rows == 1 and .data.duration_ns > 0
	and [.data.parameters[].value] == ["42", "\($marker)-prepared"])'

has_event() { # MODULE SELECTION
	[[ -n $(jq -c --arg marker "$marker" "$2" "$work/$1.ndjson" 2>/dev/null) ]]
}

look() {
	local name
	missing=()
	for name in tls12 tls13 http2; do
		grep -qF "/$marker-$name" "$work/decrypted.txt" 2>/dev/null || missing[$name]=1
	done
	has_event bash "$line_query" || missing[line]=1
	has_event bash "$script_query" || missing[script]=1
	has_event postgres "$simple_query" || missing[simple]=1
	has_event postgres "$prepared_query" || missing[prepared]=1
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

# show MODULE SELECTION FORM: the event that was selected, in one line.
show() {
	jq -r --arg marker "$marker" "$2 | .data as \$d | $3" "$work/$1.ndjson" | while IFS= read -r line; do
		note "  $line"
	done
}

show_shell() {
	local form='"\($d.kind)  \($d.text)\n    cwd \($d.directory), tty \(if $d.terminal == "" then "none" else $d.terminal end), exit status \(.result.exit_status)"'
	note "shell commands, from the store:"
	show bash "$line_query" "$form"
	show bash "$script_query" "$form"
}

show_sql() {
	local form='"\($d.kind)  \($d.statement)\n    user \($d.user), database \($d.database), parameters \([$d.parameters[].value]), rows \($d.rows), \($d.duration_ns / 1000 | round / 1000) ms"'
	note "SQL, from the store:"
	show postgres "$simple_query" "$form"
	show postgres "$prepared_query" "$form"
}
