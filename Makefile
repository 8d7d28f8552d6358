# ECapture.Pipeline: `make help` lists the targets.
SHELL := /bin/bash
.DELETE_ON_ERROR:

CLANG ?= clang
BPF_OUT := out/bpf
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(BPF_SOURCES:bpf/%.bpf.c=$(BPF_OUT)/%.bpf.o)
BPF_ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
# Where clang finds asm/types.h for a target that has no multiarch folder of its own.
BPF_INCLUDE := /usr/include/$(shell uname -m)-linux-gnu

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: bpf
bpf: $(BPF_OBJECTS) ## Compile the BPF programs

$(BPF_OUT)/vmlinux.h:
	@mkdir -p $(BPF_OUT)
	@command -v bpftool >/dev/null || { echo "bpftool is missing: run \`make setup\`, or: apt-get install bpftool" >&2; exit 1; }
	bpftool btf dump file /sys/kernel/btf/vmlinux format c > $@

$(BPF_OUT)/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/include/*.h) $(BPF_OUT)/vmlinux.h
	@command -v $(CLANG) >/dev/null || { echo "$(CLANG) is missing: run \`make setup\`, or: apt-get install clang" >&2; exit 1; }
	$(CLANG) -g -O2 -mcpu=v3 -target bpf -D__TARGET_ARCH_$(BPF_ARCH) -Wall -Werror \
		-Ibpf/include -I$(BPF_OUT) -I$(BPF_INCLUDE) -c $< -o $@
