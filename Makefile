# ECapture.Pipeline: `make help` lists the targets.
SHELL := /bin/bash
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

CONFIGURATION ?= Release
PREFIX ?= /usr/local
DESTDIR ?=
export CONFIGURATION
# No compiler server and no build node stays behind when a target ends.
export MSBUILDDISABLENODEREUSE := 1
export UseSharedCompilation := false

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- the two commands of the README

.PHONY: run
run: ## Install what is missing, build, and show the pipeline on real programs (KEEP=1: leave it up)
	@deploy/demo/run.sh

.PHONY: test
test: setup-test ## Install what is missing, build, and run every test
	@tests/run.sh

# ---- what a machine needs

.PHONY: setup setup-run setup-test
setup: setup-test ## Install everything that building, running and testing need
setup-run: ## Install what `make run` needs (no Kafka)
	@deploy/setup/setup.sh run
setup-test: ## Install what `make test` needs
	@deploy/setup/setup.sh test

# ---- BPF programs: three sets of the same sources (bpf/include/kernel.h)

CLANG ?= clang
BPF_OUT := out/bpf
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_NAMES := $(BPF_SOURCES:bpf/%.c=%.o)
BPF_OBJECTS := $(BPF_NAMES:%=$(BPF_OUT)/%) $(BPF_NAMES:%=$(BPF_OUT)/file/%) $(BPF_NAMES:%=$(BPF_OUT)/plain/%)
BPF_HEADERS := $(wildcard bpf/include/*.h bpf/include/plain/*.h)
BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
# Where clang finds asm/types.h for a target that has no multiarch folder of its own.
BPF_INCLUDE := /usr/include/$(shell uname -m)-linux-gnu

.PHONY: bpf
bpf: $(BPF_OBJECTS) ## Compile the BPF programs

$(BPF_OUT)/vmlinux.h:
	@mkdir -p $(BPF_OUT)
	@command -v bpftool >/dev/null || { echo "bpftool is missing: run \`make setup\`, or: apt-get install bpftool" >&2; exit 1; }
	bpftool btf dump file /sys/kernel/btf/vmlinux format c > $@

# The kernel has its own types; they come from a file; there are none.
$(BPF_OUT)/%.bpf.o: BPF_SET := -I$(BPF_OUT)
$(BPF_OUT)/file/%.bpf.o: BPF_SET := -I$(BPF_OUT) -DKERNEL_BTF=0
$(BPF_OUT)/plain/%.bpf.o: BPF_SET := -DKERNEL_BTF=0 -DKERNEL_TYPES=0

define compile_bpf
@command -v $(CLANG) >/dev/null || { echo "$(CLANG) is missing: run \`make setup\`, or: apt-get install clang" >&2; exit 1; }
@mkdir -p $(@D)
$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Werror -Ibpf/include $(BPF_SET) -I$(BPF_INCLUDE) -c $< -o $@
endef

$(BPF_OUT)/%.bpf.o: bpf/%.bpf.c $(BPF_HEADERS) $(BPF_OUT)/vmlinux.h
	$(compile_bpf)
$(BPF_OUT)/file/%.bpf.o: bpf/%.bpf.c $(BPF_HEADERS) $(BPF_OUT)/vmlinux.h
	$(compile_bpf)
$(BPF_OUT)/plain/%.bpf.o: bpf/%.bpf.c $(BPF_HEADERS)
	$(compile_bpf)

# ---- the program

PUBLISHED := out/ecapture
# Everything the program is made of: when none of it is newer than the last publish, there is nothing to do.
PROGRAM_SOURCES := $(shell find src schemas bpf -type d \( -name bin -o -name obj -o -name node_modules \) -prune -o -type f -print 2>/dev/null) \
	Directory.Build.props Directory.Packages.props global.json Makefile

.PHONY: restore build publish
restore: ## Fetch the NuGet packages of the whole solution
	@dotnet restore ECapture.Pipeline.sln -v quiet

build: ## Build the whole solution
	@dotnet build ECapture.Pipeline.sln --configuration $(CONFIGURATION) --nologo -v quiet -consoleLoggerParameters:NoSummary

publish: $(PUBLISHED)/.published ## Publish the program to out/ecapture

$(PUBLISHED)/.published: $(PROGRAM_SOURCES)
	@rm -rf $(PUBLISHED)
	@dotnet publish src/Cli --configuration $(CONFIGURATION) --output $(PUBLISHED) --nologo -v quiet -consoleLoggerParameters:NoSummary
	@$(PUBLISHED)/ecapture man >$(PUBLISHED)/ecapture.1
	@touch $@

# ---- tests, measurements, style

.PHONY: test-unit test-integration test-e2e bench chaos lint
test-unit: setup-test ## Run the unit tests alone
	@tests/run.sh Unit
test-integration: setup-test ## Run the integration tests alone (real Kafka, ClickHouse engine, PostgreSQL)
	@tests/run.sh Integration
test-e2e: setup-test ## Run the end-to-end tests alone (real eBPF, as root)
	@tests/run.sh EndToEnd

test-live: setup-test ## 200 TLS sessions into a live pcapng file, every one decrypted by tshark (as root)
	@TEST_SESSIONS=200 FILTER='--filter-class *LivePcapTests' tests/run.sh EndToEnd

.PHONY: test-live test-remote test-end
test-remote: setup-test ## 1,000 random changes of the configuration over HTTP while curl and nginx talk (as root)
	@TEST_CHANGES=1000 FILTER='--filter-class *RemoteChangesTests --show-live-output on' tests/run.sh EndToEnd

test-end: setup-test ## SIGINT and SIGTERM end a capture within 2 s, files complete, nothing attached; on a machine that does nothing else (as root)
	@TEST_END_SECONDS=2 FILTER='--filter-class *.EndTests --show-live-output on' tests/run.sh EndToEnd

bench: setup-test ## Measure, and print the ratios that docs/benchmarks.md holds
	@dotnet run --project tests/Benchmarks --configuration Release -- $(BENCH)

SEED ?= 1
ROUNDS ?= 1
chaos: setup-test ## Kill, freeze, cut off and fill up real pipelines; every event must be stored once (SEED=n ROUNDS=m CHAOS='--seconds 30'; as root)
	@dotnet run --project tests/Chaos --configuration Release -- run --seed $(SEED) --rounds $(ROUNDS) $(CHAOS)

.PHONY: test-plain
test-plain: setup-test ## The end-to-end tests of the terminal commands with the objects that need no kernel types (as root, tracefs mounted)
	@ECAPTURE_BTF=2 FILTER='--filter-class *ShellTextTests --filter-class *DatabaseTextTests --filter-class *Terminal.TlsTextTests --filter-class *OtherTlsTextTests' tests/run.sh EndToEnd

.PHONY: test-modules
test-modules: setup-test ## The modules against other versions of libraries, servers, shells, compilers, fetched (10 GB) and run in trees of their own; writes docs/compatibility.md (ONLY='gnutls,bash 5.3'; as root)
	@dotnet build tests/Matrix --configuration Release -v q --nologo
	@tests/Matrix/bin/Release/net10.0/linux-x64/Matrix run --report docs/compatibility.md --only '$(ONLY)'

.PHONY: bench-sink stress-service
stress-service: setup-test publish ## Sink and API with the in-process engine under load, ended and started again for SECONDS=300: looks for hangs
	@dotnet run --project tests/Benchmarks --configuration Release -- stress-service $(PUBLISHED)/ecapture $(or $(SECONDS),300) $(SEED)

.PHONY: chaos-retention
chaos-retention: setup-test ## Kill ClickHouse again and again while it drops partitions; every old row must be counted once, and no other lost
	@dotnet build tests/Integration --configuration Release -p:ChaosRetention=true -v q --nologo
	@tests/Integration/bin/Release/net10.0/linux-x64/ECapture.Tests.Integration --filter-class '*KilledKeeperTests'

.PHONY: mutations
mutations: setup-test ## Leave out each step of the sink's protocol in turn: a test must fail each time (ONLY='no-replay')
	@work=$$(mktemp -d) && trap "rm -rf $$work" EXIT && tests/Mutations/run.pl prepare $$work && tests/Mutations/run.pl run $$work $(ONLY)

.PHONY: bench-sink
bench-sink: setup-test ## Measure the sink from both logs into every store (EVENTS=10000000, BENCH='--rounds 1 --store http --json')
	@dotnet run --project tests/Benchmarks --configuration Release -- sink $(or $(EVENTS),10000000) $(BENCH)

.PHONY: bench-query
bench-query: setup-test ## Measure rebuilding and searching over 10 million packets in each store: 25 GB of disk (BENCH='--days 3', BENCH='--packets 1000000 --events 100000 --store postgres --json')
	@dotnet run --project tests/Benchmarks --configuration Release -- query $(BENCH)

.PHONY: bench-capture
bench-capture: setup-test publish ## Measure what capture costs nginx, PostgreSQL and MariaDB (BENCH='--rounds 1 --seconds 5 --only nginx --json'; as root)
	@dotnet run --project tests/Benchmarks --configuration Release -- capture --ecapture $(PUBLISHED)/ecapture $(BENCH)

.PHONY: screenshots
screenshots: setup-test ## Take the pictures of the web pages that docs/screenshots holds, of a demo
	@dotnet build tests/Integration --configuration Release -p:Screenshots=true -v q --nologo
	@tests/Integration/bin/Release/net10.0/linux-x64/ECapture.Tests.Integration --filter-class '*ScreenshotTests'

lint: ## Check whitespace of C#, syntax of the scripts, that schemas stay readable (buf breaking)
	@dotnet format whitespace ECapture.Pipeline.sln --verify-no-changes --no-restore
	@for script in $$(git ls-files '*.sh' .ci/run); do bash -n "$$script" || exit 1; done
	@deploy/setup/buf.sh
	@deploy/lint/schemas.sh

# ---- an installed copy

PROGRAM_DIR := $(PREFIX)/lib/ecapture/program

.PHONY: install uninstall clean
install: publish ## Install the program and its systemd unit under PREFIX (/usr/local)
	@mkdir -p $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PROGRAM_DIR) $(DESTDIR)$(PREFIX)/lib/systemd/system
	@rm -rf $(DESTDIR)$(PROGRAM_DIR)
	@cp -r $(PUBLISHED) $(DESTDIR)$(PROGRAM_DIR)
	@install -D -m 644 $(PUBLISHED)/ecapture.1 $(DESTDIR)$(PREFIX)/share/man/man1/ecapture.1
	@mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	@$(PUBLISHED)/ecapture completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ecapture
	@$(PUBLISHED)/ecapture completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ecapture
	@$(PUBLISHED)/ecapture completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ecapture.fish
	@chmod -R u=rwX,go=rX $(DESTDIR)$(PROGRAM_DIR)
	@ln -sfn ../lib/ecapture/program/ecapture $(DESTDIR)$(PREFIX)/bin/ecapture
	@sed 's|@PREFIX@|$(PREFIX)|g' deploy/systemd/ecapture.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/ecapture.service
	@echo "installed $(DESTDIR)$(PREFIX)/bin/ecapture; to run it as a service: systemctl daemon-reload && systemctl enable --now ecapture"

uninstall: ## Remove what `make install` installed (data stays)
	@rm -rf $(DESTDIR)$(PROGRAM_DIR)
	@rm -f $(DESTDIR)$(PREFIX)/bin/ecapture $(DESTDIR)$(PREFIX)/lib/systemd/system/ecapture.service $(DESTDIR)$(PREFIX)/share/man/man1/ecapture.1
	@rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/ecapture $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_ecapture $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/ecapture.fish

clean: ## Remove everything that was built
	@rm -rf out
	@find src tests -type d \( -name bin -o -name obj -o -name TestResults \) -prune -exec rm -rf {} +
