/* Which process runs: when it began, and its name. */
#ifndef ECAPTURE_CURRENT_H
#define ECAPTURE_CURRENT_H

#include "kernel.h"

#if KERNEL_TYPES

/* CLOCK_BOOTTIME at the start of the current thread group's leader. */
static __always_inline __u64 current_start(void)
{
	struct task_struct *leader = READ(current_task(), group_leader);

	return READ(leader, start_boottime);
}

/* That and the leader's name, for an aligned place. Read as memory, not by helper calls, where that can be: this is done for every record. */
static __always_inline void read_current(__u64 *start, __u8 *comm)
{
	struct task_struct *leader = READ(current_task(), group_leader);

	*start = READ(leader, start_boottime);
#if KERNEL_BTF
	__builtin_memcpy(__builtin_assume_aligned(comm, 8), leader->comm, 16);
#else
	bpf_core_read(comm, 16, &leader->comm);
#endif
}

#else
#include "plain/current.h"
#endif

#endif
