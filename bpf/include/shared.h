/* Maps that the base object (connection.bpf.c) fills and other objects may share by name; the loader joins them. */
#ifndef ECAPTURE_SHARED_H
#define ECAPTURE_SHARED_H

#include "record.h"
#include "thread.h"

/* The socket that a thread used last. */
struct thread_socket {
	struct socket_tuple tuple;
	__u64 boot_ns; /* when */
	__u64 sk;      /* address of struct sock, to tell sockets apart; never followed */
};

/* Written on every send and receive of the thread. Read it to know which connection a library call belongs to. */
DEFINE_THREAD_MAP(thread_socket, struct thread_socket);

#define OWNER_CLOSED 1 /* the connection ended; its last packets may still come */

/* The process that uses a socket. */
struct socket_owner {
	__u64 process_start;
	__u32 pid;
	__u32 uid;
	__u32 flags;
	__u32 reserved;
	__u8 comm[16];
};

/* By the tuple as that process sees it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct socket_tuple);
	__type(value, struct socket_owner);
} socket_owner SEC(".maps");

/* Where a thread that is inside connect() goes: its SYN leaves before its source port is in socket_owner. */
struct connect_target {
	__u8 remote[16];
	__u16 remote_port;
	__u16 reserved;
	__u32 netns;
	struct socket_owner owner;
};

/* By the address of the thread's task, which programs of every type are told. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct connect_target);
} connecting_threads SEC(".maps");

/* A process that is not captured: the pipeline's own, or for a while one that the agent's filter does not want. */
struct excluded_process {
	__u64 process_start; /* of the unwanted one: a pid is given again */
	__u64 until;         /* CLOCK_BOOTTIME; 0: the pipeline's own, for ever */
};

/* By thread group id. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct excluded_process);
} excluded_processes SEC(".maps");

/* True for a process of the pipeline itself. */
static __always_inline bool is_excluded(__u32 pid)
{
	struct excluded_process *excluded = bpf_map_lookup_elem(&excluded_processes, &pid);

	return excluded && !excluded->until;
}

/* True when the current process is the pipeline's own or not wanted now. */
static __always_inline bool is_left_out(void)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct excluded_process *excluded = bpf_map_lookup_elem(&excluded_processes, &pid);

	if (!excluded)
		return false;
	return !excluded->until || (excluded->process_start == current_start() &&
				    bpf_ktime_get_boot_ns() < excluded->until);
}

/* The socket this thread used last, or NULL. */
static __always_inline struct thread_socket *last_socket(void)
{
	return thread_find(thread_socket);
}

#endif
