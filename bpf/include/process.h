/* Facts about the current process that several objects record: where it stands, under which terminal, session and user.
 *
 * Paths are written leaf first, each component with its NUL ("b\0a\0" is /a/b): a walk goes from the leaf to the root, and the
 * reader turns it round. A walk ends at the root directory of the process, so a path is what the process itself would see.
 */
#ifndef ECAPTURE_PROCESS_H
#define ECAPTURE_PROCESS_H

#include "record.h"

#define PATH_BYTES 4096    /* of one path in a record: PATH_MAX */
#define PATH_STEPS 1024    /* components and mounts */
#define NAME_BYTES 256     /* NAME_MAX and the NUL */

#define FLAG_UNRESOLVED 0x4000 /* of a record's header: facts and paths are for the agent to read */

#define PATH_IS_CUT 0x8000 /* added to the length of a path whose first components do not fit */

struct path_buffer {
	__u8 bytes[PATH_BYTES];
};

/* Who runs. Seen by user space as ProcessFacts. */
struct process_facts {
	__u64 parent_start;  /* CLOCK_BOOTTIME at the start of the parent */
	__u32 parent;        /* its thread group id */
	__u32 gid;
	__u32 session;       /* POSIX session id, initial pid namespace */
	__u32 login_uid;     /* 4294967295: not set */
	__u32 login_session; /* of the audit system; 4294967295: not set */
	__u32 reserved;
	__u8 terminal[32];   /* the kernel's name: "pts3", "tty1"; empty: none */
};

/* Keeps the type in the object's BTF. */
const struct process_facts *process_facts_type __attribute__((unused));

#if KERNEL_TYPES

/* Before Linux 6.14 the member had no underscores. */
struct kernfs_node___old {
	struct kernfs_node___old *parent;
	const char *name;
} __attribute__((preserve_access_index));

static __always_inline void read_process_facts(struct task_struct *task, struct process_facts *facts)
{
	struct tty_struct *tty = BPF_CORE_READ(task, signal, tty);

	facts->parent_start = BPF_CORE_READ(task, real_parent, group_leader, start_boottime);
	facts->parent = BPF_CORE_READ(task, real_parent, tgid);
	facts->gid = bpf_get_current_uid_gid() >> 32;
	facts->session = BPF_CORE_READ(task, signal, pids[PIDTYPE_SID], numbers[0].nr);
	facts->login_uid = (__u32)-1;
	facts->login_session = (__u32)-1;
	if (bpf_core_field_exists(task->loginuid)) {
		facts->login_uid = BPF_CORE_READ(task, loginuid.val);
		facts->login_session = BPF_CORE_READ(task, sessionid);
	}
	facts->reserved = 0;
	facts->terminal[0] = 0;
	if (tty && bpf_probe_read_kernel_str(facts->terminal, sizeof(facts->terminal), tty->name) < 0)
		facts->terminal[0] = 0;
}

/* A walk from a leaf to its root: bpf_loop calls a step for each component or mount until it returns 1. */
struct path_walk {
	struct path_buffer *into;
	struct dentry *dentry;
	struct vfsmount *mount;
	struct dentry *root;
	struct vfsmount *root_mount;
	struct kernfs_node *node;
	__u32 at;
	__u32 is_whole;
};

/* Appends a name. */
static __always_inline bool walk_add(struct path_walk *walk, const void *name)
{
	__u32 at = walk->at & (PATH_BYTES - 1);
	long length;

	if (at > PATH_BYTES - NAME_BYTES)
		return false;
	length = bpf_probe_read_kernel_str(walk->into->bytes + at, NAME_BYTES, name);
	if (length <= 0 || length > NAME_BYTES)
		return false;
	walk->at = at + length;
	return true;
}

static long walk_dentry(__u32 step, struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry;
	struct vfsmount *vfsmount = walk->mount;
	struct dentry *parent;

	if (dentry == walk->root && vfsmount == walk->root_mount) {
		walk->is_whole = 1;
		return 1;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (dentry == BPF_CORE_READ(vfsmount, mnt_root) || dentry == parent) {
		__u32 inside = bpf_core_field_offset(struct mount, mnt);
		struct mount *mount = (void *)vfsmount - inside;
		struct mount *upper = BPF_CORE_READ(mount, mnt_parent);

		if (upper == mount || dentry != BPF_CORE_READ(vfsmount, mnt_root)) {
			walk->is_whole = 1; /* above the process's root, or of no mounted file system */
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = (void *)upper + inside;
		return 0;
	}
	walk->dentry = parent;
	return !walk_add(walk, BPF_CORE_READ(dentry, d_name.name));
}

static __always_inline struct kernfs_node *cgroup_parent(struct kernfs_node *node)
{
	if (bpf_core_field_exists(node->__parent))
		return BPF_CORE_READ(node, __parent);
	return (void *)BPF_CORE_READ((struct kernfs_node___old *)node, parent);
}

static long walk_cgroup(__u32 step, struct path_walk *walk)
{
	struct kernfs_node *node = walk->node;
	struct kernfs_node *parent = cgroup_parent(node);

	if (!parent) {
		walk->is_whole = 1;
		return 1;
	}
	walk->node = parent;
	return !walk_add(walk, BPF_CORE_READ(node, name));
}

/* Writes the path of a place (struct dentry, struct vfsmount) under the root of a struct fs_struct. Returns its length, perhaps with
 * PATH_IS_CUT. Pointers into the kernel are passed as numbers: they are only read through bpf_probe_read_kernel. */
__noinline __u32 read_path(__u64 of_dentry, __u64 of_mount, __u64 of_fs, struct path_buffer *into)
{
	struct fs_struct *fs = (struct fs_struct *)of_fs;
	struct path_walk walk = {};

	if (!into)
		return 0;
	walk.into = into;
	walk.dentry = (struct dentry *)of_dentry;
	walk.mount = (struct vfsmount *)of_mount;
	walk.root = BPF_CORE_READ(fs, root.dentry);
	walk.root_mount = BPF_CORE_READ(fs, root.mnt);
	bpf_loop(PATH_STEPS, walk_dentry, &walk, 0);
	return (walk.at & 0x1fff) | (walk.is_whole ? 0 : PATH_IS_CUT);
}

/* Writes the cgroup of a struct css_set: version 2, or where that is the root, the memory controller's. */
__noinline __u32 read_cgroup(__u64 of_set, struct path_buffer *into)
{
	struct css_set *set = (struct css_set *)of_set;
	struct path_walk walk = {};

	if (!into)
		return 0;
	walk.into = into;
	walk.node = BPF_CORE_READ(set, dfl_cgrp, kn);
	if (!cgroup_parent(walk.node) && bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		int memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
		struct cgroup_subsys_state *state = NULL;

		bpf_core_read(&state, sizeof(state), &set->subsys[memory & 15]);
		if (state)
			walk.node = BPF_CORE_READ(state, cgroup, kn);
	}
	bpf_loop(PATH_STEPS, walk_cgroup, &walk, 0);
	return (walk.at & 0x1fff) | (walk.is_whole ? 0 : PATH_IS_CUT);
}

/* Writes the working directory of the current process. */
static __always_inline __u32 read_directory(struct path_buffer *into)
{
	struct fs_struct *fs = BPF_CORE_READ(current_task(), fs);

	return read_path((__u64)BPF_CORE_READ(fs, pwd.dentry), (__u64)BPF_CORE_READ(fs, pwd.mnt), (__u64)fs, into);
}

static __always_inline void read_current_facts(struct record_header *header, struct process_facts *facts)
{
	read_process_facts(current_task(), facts);
}

#else

/* Who forked the process; the agent reads the rest from /proc when the record arrives. */
static __always_inline void read_current_facts(struct record_header *header, struct process_facts *facts)
{
	struct known_process *known = known_current();

	__builtin_memset(facts, 0, sizeof(*facts));
	facts->gid = bpf_get_current_uid_gid() >> 32;
	facts->login_uid = (__u32)-1;
	facts->login_session = (__u32)-1;
	if (known) {
		facts->parent = known->parent;
		facts->parent_start = known->parent_start;
	}
	header->flags |= FLAG_UNRESOLVED;
}

static __always_inline __u32 read_directory(struct path_buffer *into)
{
	return 0;
}

#endif

#endif
