/* How sockets are used, where the kernel's types are known: a tracepoint hands over the socket itself. */
#ifndef ECAPTURE_SOCKET_USE_H
#define ECAPTURE_SOCKET_USE_H

#if KERNEL_BTF
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_use);
} socket_uses SEC(".maps");

static __always_inline struct socket_use *socket_use_of(struct sock *sk)
{
	return bpf_sk_storage_get(&socket_uses, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
}
#else
/* By the address of struct sock. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct socket_use);
} socket_uses SEC(".maps");

static __always_inline struct socket_use *socket_use_of(struct sock *sk)
{
	__u64 key = (__u64)sk;
	struct socket_use *use = bpf_map_lookup_elem(&socket_uses, &key);
	struct socket_use fresh = {};

	if (use)
		return use;
	bpf_map_update_elem(&socket_uses, &key, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&socket_uses, &key);
}
#endif

/* True when the socket still has the addresses that were read: a struct sock is reused. */
static __always_inline bool is_same(const struct socket_tuple *tuple, const struct sock *sk, __u16 family)
{
	const __u32 *remote = (const __u32 *)tuple->remote;

	if (family == AF_UNIX)
		return tuple->family == AF_UNIX && tuple->peer_pid == unix_peer(sk);
	if (!tuple->family || tuple->local_port != READ(sk, __sk_common.skc_num) || tuple->remote_port != bpf_ntohs(READ(sk, __sk_common.skc_dport)))
		return false;
	if (family == AF_INET)
		return remote[3] == READ(sk, __sk_common.skc_daddr);
	return remote[0] == READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[0])
		&& remote[1] == READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[1])
		&& remote[2] == READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[2])
		&& remote[3] == READ(sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32[3]);
}

static __always_inline int on_use(struct sock *sk)
{
	struct socket_tuple tuple = {};
	struct socket_use *use;
	__u16 family;

	if (!sk)
		return 0;
	family = READ(sk, __sk_common.skc_family);
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return 0;
	use = socket_use_of(sk);
	if (!use) {
		count_loss(LOSS_MAP_FULL);
		return 0;
	}
	if (!is_same(&use->tuple, sk, family)) {
		if (!read_tuple(sk, &tuple))
			return 0;
		use->tuple = tuple;
		use->noted_ns = 0;
	}
	return note_use(use, (__u64)sk);
}

TRACE("sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int result, int flags)
{
	return on_use(sk);
}

TRACE("sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int result, int flags)
{
	/* Servers ask for more until there is none: what moved nothing is of no interest. */
	return result < 0 ? 0 : on_use(sk);
}

static __always_inline void socket_begins(__u64 key, const struct socket_tuple *tuple)
{
}

static __always_inline void socket_ended(__u64 key)
{
#if !KERNEL_BTF
	bpf_map_delete_elem(&socket_uses, &key);
#endif
}

#endif
