/* How sockets are used, where the kernel's types are not known: addresses come with the changes of a connection's state, and of connections that are
 * older than the agent with what they receive. What only sends says which socket it is, not its addresses. UDP has none at all.
 */
#ifndef ECAPTURE_PLAIN_SOCKET_USE_H
#define ECAPTURE_PLAIN_SOCKET_USE_H

#include "tracepoints.h"

/* TCP connections by the address of struct sock, which is never followed. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct socket_use);
} socket_uses SEC(".maps");

static __always_inline void socket_begins(__u64 key, const struct socket_tuple *tuple)
{
	struct socket_use fresh = { .tuple = *tuple };

	if (bpf_map_update_elem(&socket_uses, &key, &fresh, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
}

static __always_inline void socket_ended(__u64 key)
{
	bpf_map_delete_elem(&socket_uses, &key);
}

static __always_inline int on_use(__u64 sk, __u16 family, __u16 protocol)
{
	struct socket_use unknown = {};
	struct socket_use *use = NULL;

	if (family == AF_UNIX)
		unknown.tuple.family = AF_UNIX;
	else if (protocol != IPPROTO_TCP_VALUE)
		return 0;
	else
		use = bpf_map_lookup_elem(&socket_uses, &sk);
	if (use)
		return note_use(use, sk);
	thread_uses(&unknown, sk, bpf_ktime_get_boot_ns());
	return 0;
}

SEC("tracepoint/sock/sock_send_length")
int on_send(const struct sock_send_length *ctx)
{
	return on_use(ctx->sk, ctx->family, ctx->protocol);
}

SEC("tracepoint/sock/sock_recv_length")
int on_receive(const struct sock_recv_length *ctx)
{
	return ctx->ret < 0 ? 0 : on_use(ctx->sk, ctx->family, ctx->protocol);
}

static __always_inline void learn(const struct tcp_rcv_space_adjust *ctx)
{
	__u64 sk = ctx->skaddr;
	struct socket_use *use = bpf_map_lookup_elem(&socket_uses, &sk);
	struct socket_tuple tuple = {};

	if (use && use->tuple.local_port == ctx->sport && use->tuple.remote_port == ctx->dport)
		return;
	FILL_TUPLE(&tuple, ctx);
	socket_begins(sk, &tuple);
}

/* Within a receive, before sock_recv_length. */
SEC("tracepoint/tcp/tcp_rcv_space_adjust")
int on_adjust(const struct tcp_rcv_space_adjust *ctx)
{
	learn(ctx);
	return 0;
}

/* In its place where there is no sock_recv_length: the thread that receives uses the socket. */
SEC("tracepoint/tcp/tcp_rcv_space_adjust")
int on_adjust_use(const struct tcp_rcv_space_adjust *ctx)
{
	learn(ctx);
	return on_use(ctx->skaddr, ctx->family, IPPROTO_TCP_VALUE);
}

#define KERNEL_THREADS 2 /* kthreadd: the process that forks those of the kernel */

SEC("tracepoint/task/task_newtask")
int on_newtask(const struct task_newtask *ctx)
{
	struct known_process fresh = {};
	__u32 child = ctx->pid;

	if (ctx->clone_flags & CLONE_THREAD)
		return 0;
	fresh.parent = bpf_get_current_pid_tgid() >> 32;
	if (fresh.parent == KERNEL_THREADS)
		return 0;
	fresh.start = bpf_ktime_get_boot_ns();
	fresh.parent_start = current_start();
	__builtin_memcpy(fresh.comm, ctx->comm, sizeof(fresh.comm));
	if (bpf_map_update_elem(&known_processes, &child, &fresh, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	return 0;
}

/* sched:sched_process_exec: a process takes the name of its new program. */
SEC("tracepoint/sched/sched_process_exec")
int on_new_name(void *ctx)
{
	struct known_process *known = known_current();

	if (known)
		bpf_get_current_comm(known->comm, sizeof(known->comm));
	return 0;
}

#endif
