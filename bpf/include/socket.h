/* The addresses of a socket. */
#ifndef ECAPTURE_SOCKET_H
#define ECAPTURE_SOCKET_H

#include "record.h"
#include <bpf/bpf_endian.h>

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

/* ::ffff:a.b.c.d, from network order. */
static __always_inline void map_ipv4(__u8 *address, __u32 ipv4)
{
	__u32 *words = (__u32 *)address;

	words[0] = 0;
	words[1] = 0;
	words[2] = bpf_htonl(0xffff);
	words[3] = ipv4;
}

static __always_inline bool is_mapped_ipv4(const __u8 *address)
{
	const __u32 *words = (const __u32 *)address;

	return words[0] == 0 && words[1] == 0 && words[2] == bpf_htonl(0xffff);
}

#if KERNEL_TYPES

/* What a tracepoint tells of a socket, and the number that tells it apart. */
typedef const struct sock *socket_ref;

static __always_inline __u64 socket_key(socket_ref sk)
{
	return (__u64)sk;
}

static __always_inline __u32 socket_netns(const struct sock *sk)
{
	return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* Pid, in the initial namespace, of the process at the other end of a UNIX socket. */
static __always_inline __u32 unix_peer(const struct sock *sk)
{
	struct pid *peer = BPF_CORE_READ(sk, sk_peer_pid);

	return peer ? BPF_CORE_READ(peer, numbers[0].nr) : 0;
}

/* Fills a zeroed tuple. A dual-stack socket that talks IPv4 becomes an IPv4 one, as its packets are. False: no such family. */
static __always_inline bool read_tuple(const struct sock *sk, struct socket_tuple *tuple)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	if (family == AF_UNIX) {
		tuple->family = AF_UNIX;
		tuple->netns = socket_netns(sk);
		tuple->peer_pid = unix_peer(sk);
		return true;
	}
	if (family == AF_INET) {
		map_ipv4(tuple->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_ipv4(tuple->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
		tuple->family = AF_INET;
	} else if (family == AF_INET6) {
		BPF_CORE_READ_INTO(&tuple->local, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&tuple->remote, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
		tuple->family = is_mapped_ipv4(tuple->remote) ? AF_INET : AF_INET6;
	} else {
		return false;
	}
	/* skc_num is 0 once the port was given back, before the close is announced; inet_sport stays. */
	tuple->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	tuple->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	tuple->protocol = (__u8)BPF_CORE_READ(sk, sk_protocol);
	tuple->netns = socket_netns(sk);
	return true;
}

#else
#include "plain/socket.h"
#endif

#endif
