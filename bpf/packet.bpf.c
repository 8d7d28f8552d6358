/* Whole frames at the traffic control hooks, each once, with the process that owns the socket.
 *
 * Every program returns TC_ACT_UNSPEC, so what else is attached runs as without it. Loopback is seen at ingress only: at egress its
 * frames are not segmented, and each would come twice.
 */
#define MAX_FRAME 131072
#define RING_BYTES (32 * 1024 * 1024)
#define SCRATCH_BYTES (MAX_FRAME + 128)
#include "record.h"
#include "shared.h"
#include "socket.h"

char LICENSE[] SEC("license") = "GPL";

#define TC_ACT_UNSPEC (-1)
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define IPPROTO_HOP 0
#define IPPROTO_TCP_VALUE 6
#define IPPROTO_UDP_VALUE 17
#define UDP_HEADER 8
#define IPPROTO_ROUTE 43
#define IPPROTO_FRAG 44
#define IPPROTO_DEST 60
#define IPPROTO_SCTP_VALUE 132
#define TCP_SYN_FLAG 0x02
#define TCP_ACK_FLAG 0x10

enum packet_direction {
	PACKET_RECEIVED = 1,
	PACKET_SENT = 2,
};

/* Process, direction and tuple belong together: the tuple is as that side of the connection sees it. */
struct packet_record {
	struct record_header header; /* pid 0: not known */
	struct socket_tuple tuple;   /* family 0: no IP */
	__u32 interface_index;
	__u32 original_length;
	__u32 payload_at;            /* of TCP, in the frame; 0: none */
	__u32 direction;
	/* the frame follows */
};

const struct packet_record *packet_record_type __attribute__((unused));

/* What user space knows of an interface. */
struct interface_config {
	__u32 netns;
	__u32 header_length; /* of the link layer: 14 or 0 */
	__u32 is_loopback;
};

/* By interface index. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct interface_config);
} interfaces SEC(".maps");

/* Where things are in a frame; tuple has the source as local. */
struct frame {
	struct socket_tuple tuple;
	__u32 payload_at;
	__u8 tcp_flags;
};

struct ipv4_start {
	__u8 version_length;
	__u8 service;
	__u16 length;
	__u16 id;
	__u16 fragment;
	__u8 hops;
	__u8 protocol;
	__u16 checksum;
	__u32 source;
	__u32 destination;
};

struct ipv6_start {
	__u32 version_flow;
	__u16 length;
	__u8 next;
	__u8 hops;
	__u8 source[16];
	__u8 destination[16];
};

struct tcp_start {
	__u16 source;
	__u16 destination;
	__u32 sequence;
	__u32 acknowledged;
	__u8 offset;
	__u8 flags;
};

static __always_inline void read_ports(struct __sk_buff *skb, struct frame *frame, __u32 at)
{
	struct tcp_start start = {};
	__u8 protocol = frame->tuple.protocol;

	if (protocol == IPPROTO_TCP_VALUE) {
		if (bpf_skb_load_bytes(skb, at, &start, sizeof(start)))
			return;
		frame->tcp_flags = start.flags;
		frame->payload_at = at + (start.offset >> 4) * 4;
	} else if (protocol == IPPROTO_UDP_VALUE || protocol == IPPROTO_SCTP_VALUE) {
		if (bpf_skb_load_bytes(skb, at, &start, 4))
			return;
		if (protocol == IPPROTO_UDP_VALUE)
			frame->payload_at = at + UDP_HEADER;
	} else {
		return;
	}
	frame->tuple.local_port = bpf_ntohs(start.source);
	frame->tuple.remote_port = bpf_ntohs(start.destination);
}

static __always_inline void read_ipv4(struct __sk_buff *skb, struct frame *frame, __u32 at)
{
	struct ipv4_start ip;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
		return;
	map_ipv4(frame->tuple.local, ip.source);
	map_ipv4(frame->tuple.remote, ip.destination);
	frame->tuple.family = AF_INET;
	frame->tuple.protocol = ip.protocol;
	if ((ip.fragment & bpf_htons(0x1fff)) == 0)
		read_ports(skb, frame, at + (ip.version_length & 15) * 4);
}

static __always_inline void read_ipv6(struct __sk_buff *skb, struct frame *frame, __u32 at)
{
	struct ipv6_start ip;
	__u8 next;

	if (bpf_skb_load_bytes(skb, at, &ip, sizeof(ip)))
		return;
	__builtin_memcpy(frame->tuple.local, ip.source, 16);
	__builtin_memcpy(frame->tuple.remote, ip.destination, 16);
	frame->tuple.family = AF_INET6;
	next = ip.next;
	at += sizeof(ip);
	/* Loopback puts a hop-by-hop header in front of jumbograms. */
#pragma unroll
	for (int i = 0; i < 4; i++) {
		__u8 extension[2];

		if (next != IPPROTO_HOP && next != IPPROTO_ROUTE && next != IPPROTO_DEST)
			break;
		if (bpf_skb_load_bytes(skb, at, extension, sizeof(extension)))
			return;
		next = extension[0];
		at += (extension[1] + 1) * 8;
	}
	frame->tuple.protocol = next;
	if (next != IPPROTO_FRAG)
		read_ports(skb, frame, at);
}

static __always_inline void reverse(struct socket_tuple *to, const struct socket_tuple *from)
{
	*to = *from;
	__builtin_memcpy(to->local, from->remote, 16);
	__builtin_memcpy(to->remote, from->local, 16);
	to->local_port = from->remote_port;
	to->remote_port = from->local_port;
}

/* The owner of the tuple, or NULL. A SYN begins a new connection: who had the tuple before does not count. */
static __always_inline struct socket_owner *owner_of(const struct socket_tuple *tuple, bool is_syn)
{
	struct socket_owner *owner = bpf_map_lookup_elem(&socket_owner, tuple);

	return owner && is_syn && (owner->flags & OWNER_CLOSED) ? NULL : owner;
}

/* A SYN leaves in the thread that called connect, before anybody knows its source port. */
static __always_inline struct socket_owner *connecting_owner(const struct socket_tuple *tuple)
{
	__u64 task = bpf_get_current_task();
	struct connect_target *target = bpf_map_lookup_elem(&connecting_threads, &task);

	if (!target || target->remote_port != tuple->remote_port || target->netns != tuple->netns)
		return NULL;
	const __u64 *there = (const __u64 *)target->remote;
	const __u64 *here = (const __u64 *)tuple->remote;

	if (there[0] != here[0] || there[1] != here[1])
		return NULL;
	if (bpf_map_update_elem(&socket_owner, tuple, &target->owner, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	bpf_map_delete_elem(&connecting_threads, &task);
	return bpf_map_lookup_elem(&socket_owner, tuple);
}

static __always_inline void send_frame(struct __sk_buff *skb, const struct frame *frame, const struct socket_tuple *tuple,
				       const struct socket_owner *owner, __u32 direction)
{
	struct scratch *slot = scratch_take();
	struct packet_record *record;
	__u32 length = skb->len;

	if (!slot)
		return;
	record = (struct packet_record *)slot->bytes;
	__builtin_memset(record, 0, sizeof(*record));
	record->header.boot_ns = bpf_ktime_get_boot_ns();
	record->header.cpu = bpf_get_smp_processor_id();
	if (owner) {
		record->header.pid = owner->pid;
		record->header.tid = owner->pid;
		record->header.uid = owner->uid;
		record->header.process_start = owner->process_start;
		__builtin_memcpy(record->header.comm, owner->comm, sizeof(owner->comm));
	}
	record->tuple = *tuple;
	record->interface_index = skb->ifindex;
	record->original_length = length;
	record->payload_at = frame->payload_at;
	record->direction = direction;
	if (length > MAX_FRAME)
		length = MAX_FRAME;
	if (length == 0 || bpf_skb_load_bytes(skb, 0, slot->bytes + sizeof(*record), length))
		count_lost(LOSS_MEMORY_FAULT, 1);
	else
		record_submit_of(owner ? owner->pid : 0, slot, 1, sizeof(*record) + length);
	scratch_release(slot);
}

static __always_inline int on_frame(struct __sk_buff *skb, bool is_ingress)
{
	__u32 index = skb->ifindex;
	struct interface_config *config = bpf_map_lookup_elem(&interfaces, &index);
	struct socket_tuple receiving = {};
	struct socket_owner *sender = NULL;
	struct socket_owner *receiver = NULL;
	struct frame frame = {};
	bool is_syn;

	if (!config)
		return TC_ACT_UNSPEC;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		read_ipv4(skb, &frame, config->header_length);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		read_ipv6(skb, &frame, config->header_length);
	if (frame.tuple.family) {
		frame.tuple.netns = config->netns;
		reverse(&receiving, &frame.tuple);
		is_syn = (frame.tcp_flags & (TCP_SYN_FLAG | TCP_ACK_FLAG)) == TCP_SYN_FLAG;
		if (!is_ingress || config->is_loopback) {
			sender = owner_of(&frame.tuple, is_syn);
			if (!sender && is_syn)
				sender = connecting_owner(&frame.tuple);
		}
		if (is_ingress)
			receiver = owner_of(&receiving, is_syn);
		if ((sender && is_excluded(sender->pid)) || (receiver && is_excluded(receiver->pid))) {
			count_hits(HIT_EXCLUDED, 1);
			return TC_ACT_UNSPEC;
		}
	}
	/* Loopback is both at once: the sender's view, unless only the receiver is known. */
	if (!is_ingress || (config->is_loopback && (sender || !receiver)))
		send_frame(skb, &frame, &frame.tuple, sender, PACKET_SENT);
	else
		send_frame(skb, &frame, &receiving, receiver, PACKET_RECEIVED);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int ecapture_in(struct __sk_buff *skb)
{
	return on_frame(skb, true);
}

SEC("tc")
int ecapture_out(struct __sk_buff *skb)
{
	return on_frame(skb, false);
}
