# Sourced by run.sh: what the person at the terminal sees. Colours only on a terminal.
# shellcheck shell=bash disable=SC2034

downloaded=0
faults=0
if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
	bold='' green='' red='' dim='' plain=''
fi

step() { printf '%s%4d s%s  %s%s%s\n' "$dim" "$SECONDS" "$plain" "$bold" "$*" "$plain"; }
note() { printf '        %s\n' "$*"; }
good() { printf '        %s%s%s\n' "$green" "$*" "$plain"; }
fault() {
	faults=$((faults + 1))
	printf '        %s%s%s\n' "$red" "$*" "$plain" >&2
}

closing_line() {
	local word="${green}ok${plain}"
	(($1 == 0)) || word="${red}failed${plain}"
	(($1 <= 128)) || word="${red}interrupted${plain}"
	printf '%s: %d s, of which downloads %.0f s\n' "$word" "$SECONDS" "$downloaded"
}
