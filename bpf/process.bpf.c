/* Starts and ends of processes, and which of them were started by a shell. */
#define RING_BYTES (4 * 1024 * 1024)
#define SCRATCH_BYTES (52 * 1024)
#include "process.h"

char LICENSE[] SEC("license") = "GPL";

#define ARGUMENT_BYTES (32 * 1024) /* of the command line; the rest is cut */

enum record_type {
	RECORD_EXEC = 1,
	RECORD_EXIT = 2,
	RECORD_FORK = 3,      /* these two without kernel types only */
	RECORD_ARGUMENTS = 4,
};

#define FLAG_ARGUMENTS_CUT 1

/* A program began. After it: the executable's path, the working directory, the cgroup (all leaf first), the arguments. */
struct process_exec {
	struct record_header header;
	struct process_facts facts;
	__u64 image_inode; /* of the executable, as the kernel counts it */
	__u32 image_device;
	__u32 previous;    /* kind of the program that called execve; 0: no shell */
	__u32 executable_length; /* the three perhaps with PATH_IS_CUT */
	__u32 directory_length;
	__u32 cgroup_length;
	__u32 arguments_length;
};

/* A process ended: the exit of its thread group's leader. */
struct process_exit {
	struct record_header header;
	__u32 status; /* as waitpid shows it */
	__u32 reserved;
};

const struct process_exec *process_exec_type __attribute__((unused));
const struct process_exit *process_exit_type __attribute__((unused));

/* A program file. */
struct image_key {
	__u64 inode;
	__u32 device;
	__u32 reserved;
};

const struct image_key *image_key_type __attribute__((unused));

/* The shells' program files and their kinds (the agent's numbers, never 0). Filled by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct image_key);
	__type(value, __u32);
} shell_images SEC(".maps");

/* The processes that run a shell, by thread group id. A fork inherits it, an execve settles it anew. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} shell_processes SEC(".maps");

#if KERNEL_TYPES

TRACE("sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid);
	__u32 to = BPF_CORE_READ(child, tgid);
	__u32 *kind;

	if (from == to)
		return 0; /* a thread */
	kind = bpf_map_lookup_elem(&shell_processes, &from);
	if (kind) {
		__u32 copy = *kind;

		if (bpf_map_update_elem(&shell_processes, &to, &copy, BPF_ANY))
			count_loss(LOSS_MAP_FULL);
	}
	return 0;
}

/* Where the next part of the record begins, in terms that the verifier follows. */
#define PART(at) (parts + ((at) & 0x3fff))
#define PATH_PART(at) ((struct path_buffer *)PART(at))

TRACE("sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_pid, struct linux_binprm *binprm)
{
	struct scratch *slot = scratch_take();
	struct process_exec *record;
	struct file *file = BPF_CORE_READ(binprm, file);
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	struct image_key image = {};
	unsigned long from, to;
	__u8 *parts;
	__u32 *kind;
	__u32 tgid;
	__u32 at = 0;
	__u32 length;

	if (!slot)
		return 0;
	record = (struct process_exec *)slot->bytes;
	parts = slot->bytes + sizeof(*record);
	record_begin(&record->header);
	read_process_facts(task, &record->facts);
	tgid = record->header.pid;

	image.inode = BPF_CORE_READ(file, f_inode, i_ino);
	image.device = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	record->image_inode = image.inode;
	record->image_device = image.device;
	kind = bpf_map_lookup_elem(&shell_processes, &tgid);
	record->previous = kind ? *kind : 0;
	kind = bpf_map_lookup_elem(&shell_images, &image);
	if (kind) {
		__u32 copy = *kind;

		if (bpf_map_update_elem(&shell_processes, &tgid, &copy, BPF_ANY))
			count_loss(LOSS_MAP_FULL);
	} else if (record->previous) {
		bpf_map_delete_elem(&shell_processes, &tgid);
	}

	length = read_path((__u64)BPF_CORE_READ(file, f_path.dentry), (__u64)BPF_CORE_READ(file, f_path.mnt), (__u64)fs, PATH_PART(at));
	record->executable_length = length;
	at += length & 0x1fff;
	length = read_path((__u64)BPF_CORE_READ(fs, pwd.dentry), (__u64)BPF_CORE_READ(fs, pwd.mnt), (__u64)fs, PATH_PART(at));
	record->directory_length = length;
	at += length & 0x1fff;
	length = read_cgroup((__u64)BPF_CORE_READ(task, cgroups), PATH_PART(at));
	record->cgroup_length = length;
	at += length & 0x1fff;

	from = BPF_CORE_READ(task, mm, arg_start);
	to = BPF_CORE_READ(task, mm, arg_end);
	length = 0;
	if (to > from) {
		unsigned long size = to - from;

		if (size > ARGUMENT_BYTES) {
			size = ARGUMENT_BYTES;
			record->header.flags |= FLAG_ARGUMENTS_CUT;
		}
		if (bpf_probe_read_user(PART(at), (__u32)size & 0xffff, (void *)from)) {
			count_loss(LOSS_MEMORY_FAULT);
			record->header.flags |= FLAG_ARGUMENTS_CUT;
		} else {
			length = size;
		}
	}
	record->arguments_length = length;
	record_submit(slot, RECORD_EXEC, sizeof(*record) + (at & 0x3fff) + length);
	scratch_release(slot);
	return 0;
}

TRACE("sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	const __u32 kernel_thread = 0x00200000; /* PF_KTHREAD */
	struct process_exit *record;
	struct scratch *slot;
	__u32 tgid = BPF_CORE_READ(task, tgid);

	if (BPF_CORE_READ(task, pid) != tgid || BPF_CORE_READ(task, flags) & kernel_thread)
		return 0;
	bpf_map_delete_elem(&shell_processes, &tgid);
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct process_exit *)slot->bytes;
	record_begin(&record->header);
	record->status = BPF_CORE_READ(task, exit_code);
	record->reserved = 0;
	record_submit(slot, RECORD_EXIT, sizeof(*record));
	scratch_release(slot);
	return 0;
}

#else
#include "plain/process.h"
#endif
