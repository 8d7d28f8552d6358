/* Starts and ends of processes where the kernel's types are not known. What execve was given is read when it is called: a program that lives for a
 * millisecond is gone when the agent would read its arguments from /proc. How a process ends is what it gave to exit, or the signal that had no handler.
 */
#ifndef ECAPTURE_PLAIN_PROCESS_H
#define ECAPTURE_PLAIN_PROCESS_H

#include "tracepoints.h"

#define ARGUMENT_COUNT 1024
#define ONE_ARGUMENT (16 * 1024) /* the rest of a longer one is cut */

/* A process was forked by the header's. */
struct process_fork {
	struct record_header header;
	__u32 child;
	__u32 reserved;
};

/* execve was called; if it succeeds, RECORD_EXEC of the process follows. After it: the arguments. */
struct process_arguments {
	struct record_header header;
	__u32 length;
	__u32 reserved;
};

const struct process_fork *process_fork_type __attribute__((unused));
const struct process_arguments *process_arguments_type __attribute__((unused));

/* What decided how a process ends, as waitpid will show it, by thread group id: the first thing that does. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} endings SEC(".maps");

SEC("tracepoint/task/task_newtask")
int on_fork(const struct task_newtask *ctx)
{
	struct process_fork *record;
	struct scratch *slot;

	if (ctx->clone_flags & CLONE_THREAD)
		return 0;
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct process_fork *)slot->bytes;
	record_begin(&record->header);
	record->child = ctx->pid;
	record->reserved = 0;
	record_submit(slot, RECORD_FORK, sizeof(*record));
	scratch_release(slot);
	return 0;
}

struct argument_walk {
	__u8 *into;
	__u64 from; /* address of a pointer to the next argument */
	__u32 at;
	__u32 is_cut;
};

static long walk_argument(__u32 step, struct argument_walk *walk)
{
	__u32 at = walk->at & (ARGUMENT_BYTES - 1);
	__u64 argument = 0;
	long length;

	if (bpf_probe_read_user(&argument, sizeof(argument), (void *)walk->from)) {
		count_loss(LOSS_MEMORY_FAULT);
		walk->is_cut = 1;
		return 1;
	}
	if (!argument)
		return 1;
	length = bpf_probe_read_user_str(walk->into + at, ONE_ARGUMENT, (void *)argument);
	if (length <= 0) {
		count_loss(LOSS_MEMORY_FAULT);
		walk->is_cut = 1;
		return 1;
	}
	walk->is_cut |= length == ONE_ARGUMENT || step == ARGUMENT_COUNT - 1;
	if (at + length >= ARGUMENT_BYTES) {
		walk->is_cut = 1;
		return 1;
	}
	walk->at = at + length;
	walk->from += sizeof(argument);
	return 0;
}

static __always_inline int on_arguments(__u64 from)
{
	struct argument_walk walk = { .from = from };
	struct process_arguments *record;
	struct scratch *slot;

	if (!from)
		return 0;
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct process_arguments *)slot->bytes;
	record_begin(&record->header);
	record->reserved = 0;
	walk.into = slot->bytes + sizeof(*record);
	bpf_loop(ARGUMENT_COUNT, walk_argument, &walk, 0);
	if (walk.is_cut)
		record->header.flags |= FLAG_ARGUMENTS_CUT;
	record->length = walk.at;
	record_submit(slot, RECORD_ARGUMENTS, sizeof(*record) + (walk.at & (ARGUMENT_BYTES - 1)));
	scratch_release(slot);
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_execve")
int on_execve(const struct system_call *ctx)
{
	return on_arguments(ctx->arguments[1]);
}

SEC("tracepoint/syscalls/sys_enter_execveat")
int on_execveat(const struct system_call *ctx)
{
	return on_arguments(ctx->arguments[2]);
}

SEC("tracepoint/sched/sched_process_exec")
int on_exec(const struct sched_process_exec *ctx)
{
	struct scratch *slot = scratch_take();
	struct process_exec *record;
	long length;

	if (!slot)
		return 0;
	record = (struct process_exec *)slot->bytes;
	__builtin_memset(record, 0, sizeof(*record));
	record_begin(&record->header);
	read_current_facts(&record->header, &record->facts);
	length = bpf_probe_read_kernel_str(slot->bytes + sizeof(*record), PATH_BYTES, (void *)ctx + (ctx->filename & 0xffff));
	if (length < 0) {
		count_loss(LOSS_MEMORY_FAULT);
		length = 0;
	}
	record->executable_length = length;
	record_submit(slot, RECORD_EXEC, sizeof(*record) + (length & 0x1fff));
	scratch_release(slot);
	return 0;
}

static __always_inline void note_ending(__u32 status)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	bpf_map_update_elem(&endings, &tgid, &status, BPF_NOEXIST);
}

SEC("tracepoint/syscalls/sys_enter_exit_group")
int on_exit_group(const struct system_call *ctx)
{
	note_ending((ctx->arguments[0] & 0xff) << 8);
	return 0;
}

/* Of the first thread alone: its end is the process's. */
SEC("tracepoint/syscalls/sys_enter_exit")
int on_exit_call(const struct system_call *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	if ((__u32)pid_tgid == pid_tgid >> 32)
		note_ending((ctx->arguments[0] & 0xff) << 8);
	return 0;
}

SEC("tracepoint/signal/signal_deliver")
int on_signal(const struct signal_deliver *ctx)
{
	/* What does nothing, or only stops, where there is no handler: CHLD, CONT, STOP, TSTP, TTIN, TTOU, URG, WINCH. */
	const __u64 harmless = 1ULL << 17 | 1ULL << 18 | 1ULL << 19 | 1ULL << 20 | 1ULL << 21 | 1ULL << 22 | 1ULL << 23 | 1ULL << 28;
	__u32 signal = ctx->sig;

	if (ctx->sa_handler == 0 && signal < 65 && !(signal < 64 && harmless >> signal & 1))
		note_ending(signal);
	return 0;
}

THREAD_EXIT int on_exit(void *ctx)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	__u32 tgid = pid_tgid >> 32;
	struct process_exit *record;
	struct scratch *slot;
	__u32 *status;

	if ((__u32)pid_tgid != tgid || !known_current())
		return 0; /* a thread, or the kernel's own */
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct process_exit *)slot->bytes;
	record_begin(&record->header);
	status = bpf_map_lookup_elem(&endings, &tgid);
	record->status = status ? *status : 0;
	record->reserved = 0;
	record_submit(slot, RECORD_EXIT, sizeof(*record));
	scratch_release(slot);
	bpf_map_delete_elem(&endings, &tgid);
	return 0;
}

#endif
