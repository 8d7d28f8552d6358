/* What tracepoints hand over, by their documented formats (events/CATEGORY/NAME/format in tracefs). A struct has the tracepoint's name and its fields'
 * names (beside common and padding): the agent compares them with the running kernel's before it attaches a program.
 */
#ifndef ECAPTURE_PLAIN_TRACEPOINTS_H
#define ECAPTURE_PLAIN_TRACEPOINTS_H

#include "../kernel.h"

#define CLONE_THREAD 0x00010000 /* of clone_flags */

/* sock:inet_sock_set_state */
struct inet_sock_set_state {
	__u64 common;
	__u64 skaddr;
	__s32 oldstate;
	__s32 newstate;
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u16 protocol;
	__u8 saddr[4];
	__u8 daddr[4];
	__u8 saddr_v6[16]; /* of IPv4: ::ffff:a.b.c.d */
	__u8 daddr_v6[16];
};

/* sock:sock_send_length, sock:sock_recv_length */
#define SOCK_LENGTH \
	{ \
		__u64 common; \
		__u64 sk; \
		__u16 family; \
		__u16 protocol; \
		__s32 ret; \
		__s32 flags; \
	}
struct sock_send_length SOCK_LENGTH;
struct sock_recv_length SOCK_LENGTH;

/* tcp:tcp_rcv_space_adjust */
struct tcp_rcv_space_adjust {
	__u64 common;
	__u64 skaddr;
	__u16 sport;
	__u16 dport;
	__u16 family;
	__u8 saddr[4];
	__u8 daddr[4];
	__u8 saddr_v6[16];
	__u8 daddr_v6[16];
};

/* task:task_newtask, in the parent. */
struct task_newtask {
	__u64 common;
	__s32 pid;
	__u8 comm[16];
	__u8 padding[4];
	__u64 clone_flags;
};

/* sched:sched_process_exec */
struct sched_process_exec {
	__u64 common;
	__u32 filename; /* lower half: where it is from the start of this */
};

/* signal:signal_deliver */
struct signal_deliver {
	__u64 common;
	__s32 sig;
	__s32 errno;
	__s32 code;
	__u32 padding;
	__u64 sa_handler; /* 0: SIG_DFL */
};

/* syscalls:sys_enter_… */
struct system_call {
	__u64 common;
	__u64 number;
	__u64 arguments[6];
};

const struct inet_sock_set_state *inet_sock_set_state_type __attribute__((unused));
const struct sock_send_length *sock_send_length_type __attribute__((unused));
const struct sock_recv_length *sock_recv_length_type __attribute__((unused));
const struct tcp_rcv_space_adjust *tcp_rcv_space_adjust_type __attribute__((unused));
const struct task_newtask *task_newtask_type __attribute__((unused));
const struct sched_process_exec *sched_process_exec_type __attribute__((unused));
const struct signal_deliver *signal_deliver_type __attribute__((unused));

#endif
