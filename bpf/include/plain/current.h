/* Which process runs, where the kernel's types are not known: from a table that the base object and the agent fill. */
#ifndef ECAPTURE_PLAIN_CURRENT_H
#define ECAPTURE_PLAIN_CURRENT_H

#include "../kernel.h"

/* Seen by user space as KnownProcess. */
struct known_process {
	__u64 start;        /* CLOCK_BOOTTIME; of those that are older than the agent to a clock tick */
	__u64 parent_start;
	__u32 parent;       /* thread group id: who forked it */
	__u32 reserved;
	__u8 comm[16];
};

const struct known_process *known_process_type __attribute__((unused));

/* By thread group id; without those of the kernel itself. An ended one stays until its id is given again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct known_process);
} known_processes SEC(".maps");

static __always_inline struct known_process *known_current(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&known_processes, &tgid);
}

/* 0: not known. */
static __always_inline __u64 current_start(void)
{
	struct known_process *known = known_current();

	return known ? known->start : 0;
}

static __always_inline void read_current(__u64 *start, __u8 *comm)
{
	struct known_process *known = known_current();
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	*start = known ? known->start : 0;
	if (known && (__u32)pid_tgid != pid_tgid >> 32)
		__builtin_memcpy(__builtin_assume_aligned(comm, 8), known->comm, 16);
	else
		bpf_get_current_comm(comm, 16);
}

#endif
