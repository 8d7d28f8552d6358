#!/usr/bin/env bash
# Builds the solution, runs the given test projects one after the other, and ends with one line: "N passed, N failed".
#
#   tests/run.sh [Unit] [Integration] [EndToEnd]       all three when none is named
#   CONFIGURATION=Debug FILTER='--filter-class *Log*'  other builds, fewer tests
#
# A project that does not build, dies or hangs is one failed test; so is a test that was skipped: nothing here may be missing silently.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

configuration=${CONFIGURATION:-Release}
results=out/test-results
declare -A limit=([Unit]=5m [Integration]=12m [EndToEnd]=12m)
projects=("$@")
((${#projects[@]})) || projects=(Unit Integration EndToEnd)

passed=0
failed=0
verdict() {
	echo "$passed passed, $failed failed"
	((failed == 0))
	exit
}

say() { printf '== %4ds  %s\n' "$SECONDS" "$*"; }

counter() { sed -n 's/.*<Counters [^>]*\b'"$1"'="\([0-9]*\)".*/\1/p' "$2" | head -n 1; }

run_project() {
	local project=$1 report=$results/$1.trx status=0 total good
	rm -f "$report"
	# shellcheck disable=SC2086 # FILTER is a list of options
	timeout --foreground --kill-after=30s "${limit[$project]:-10m}" \
		dotnet test --project "tests/$project" --configuration "$configuration" --no-build \
		--results-directory "$results" --report-xunit-trx --report-xunit-trx-filename "$project.trx" ${FILTER:-} || status=$?
	total=$(counter total "$report" 2>/dev/null)
	good=$(counter passed "$report" 2>/dev/null)
	if [[ -z $total || -z $good ]]; then
		if ((status == 124 || status == 137)); then
			echo "tests/$project did not end within ${limit[$project]:-10m} and was stopped" >&2
		else
			echo "tests/$project left no report (exit code $status): it crashed, or no test was found" >&2
		fi
		failed=$((failed + 1))
		return
	fi
	passed=$((passed + good))
	failed=$((failed + total - good))
	if ((status != 0 && total == good)); then
		echo "tests/$project ended with exit code $status although every test passed" >&2
		failed=$((failed + 1))
	fi
}

for project in "${projects[@]}"; do
	[[ -d tests/$project ]] || {
		echo "tests/run.sh: no test project '$project': Unit, Integration or EndToEnd" >&2
		exit 2
	}
done

mkdir -p "$results"
say "build ($configuration)"
dotnet build ECapture.Pipeline.sln --configuration "$configuration" --nologo -v quiet -consoleLoggerParameters:NoSummary || {
	echo "the solution did not build: nothing was tested" >&2
	failed=1
	verdict
}
for project in "${projects[@]}"; do
	say "tests/$project"
	run_project "$project"
done
say "done"
verdict
