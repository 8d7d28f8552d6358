/* The base object: which socket a thread uses, which process owns a socket, and when TCP connections open and close.
 *
 * Needs Linux 6.3 for sock_send_length and sock_recv_length. They run in the calling thread after the call, for every family.
 */
#define RING_BYTES (1024 * 1024)
#define SCRATCH_BYTES 64 /* records are made on the stack */
#include "record.h"
#include "shared.h"
#include "socket.h"

char LICENSE[] SEC("license") = "GPL";

#define IPPROTO_TCP_VALUE 6

/* Record types. */
enum connection_event {
	CONNECTION_OPENED = 1,
	CONNECTION_ACCEPTED = 2, /* in soft interrupt: the process is known when it first uses the socket */
	CONNECTION_EXISTING = 3,
	CONNECTION_CLOSED = 4,
	CONNECTION_OWNED = 5,    /* first use of a socket by a process */
};

#define RECORD_EXCLUDED 1 /* the owner is this pipeline's own */

/* Process fields of the header are the owner's; pid 0: not known. flags: RECORD_EXCLUDED. */
struct connection_record {
	struct record_header header;
	struct socket_tuple tuple;
	__u64 sk; /* tells sockets apart; never followed */
};

const struct connection_record *connection_record_type __attribute__((unused));

/* Who called connect on a socket, by struct sock, until it is established. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct socket_owner);
} connecting SEC(".maps");

#define NOTE_AGAIN_NS 1000000000ULL /* an owner that is not looked up may leave socket_owner */

/* What is known of a socket: a server uses thousands in turn, and reading a tuple costs more than all the rest of a call. */
struct socket_use {
	struct socket_tuple tuple; /* family 0: not read yet */
	__u32 pid;                 /* who was noted as its owner */
	__u64 process_start;
	__u64 noted_ns;
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_use);
} socket_uses SEC(".maps");

static __always_inline void owner_of_current(struct socket_owner *owner)
{
	struct task_struct *leader = bpf_get_current_task_btf()->group_leader;

	owner->pid = bpf_get_current_pid_tgid() >> 32;
	owner->uid = (__u32)bpf_get_current_uid_gid();
	owner->process_start = leader->start_boottime;
	owner->flags = 0;
	__builtin_memcpy(owner->comm, leader->comm, sizeof(owner->comm));
}

static __always_inline void fill_record(struct connection_record *record, __u16 type, const struct socket_owner *owner,
					const struct socket_tuple *tuple, __u64 sk)
{
	record->header.length = sizeof(*record);
	record->header.type = type;
	record->header.boot_ns = bpf_ktime_get_boot_ns();
	record->header.cpu = bpf_get_smp_processor_id();
	if (owner) {
		record->header.flags = is_excluded(owner->pid) ? RECORD_EXCLUDED : 0;
		record->header.pid = owner->pid;
		record->header.tid = owner->pid;
		record->header.uid = owner->uid;
		record->header.process_start = owner->process_start;
		__builtin_memcpy(record->header.comm, owner->comm, sizeof(owner->comm));
	}
	record->tuple = *tuple;
	record->sk = sk;
}

static __always_inline void send_record(__u16 type, const struct socket_owner *owner, const struct socket_tuple *tuple, __u64 sk)
{
	struct connection_record record = {};

	count_hits(HIT_WANTED, 1);
	fill_record(&record, type, owner, tuple, sk);
	if (bpf_ringbuf_output(&events, &record, sizeof(record), 0))
		count_lost(LOSS_RING_FULL, 1);
}

/* True when the socket still has the addresses that were read: a struct sock is reused. */
static __always_inline bool is_same(const struct socket_tuple *tuple, const struct sock *sk, __u16 family)
{
	const __u32 *remote = (const __u32 *)tuple->remote;

	if (family == AF_UNIX)
		return tuple->family == AF_UNIX && tuple->peer_pid == unix_peer(sk);
	if (!tuple->family || tuple->local_port != sk->__sk_common.skc_num || tuple->remote_port != bpf_ntohs(sk->__sk_common.skc_dport))
		return false;
	if (family == AF_INET)
		return remote[3] == sk->__sk_common.skc_daddr;
	return remote[0] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[0]
		&& remote[1] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[1]
		&& remote[2] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[2]
		&& remote[3] == sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3];
}

static __always_inline void note_owner(const struct socket_tuple *tuple, __u64 sk)
{
	struct socket_owner fresh = {};
	struct socket_owner *known;
	bool first;

	if (tuple->family == AF_UNIX || tuple->remote_port == 0)
		return;
	owner_of_current(&fresh);
	known = bpf_map_lookup_elem(&socket_owner, tuple);
	first = !known || (known->flags & OWNER_CLOSED);
	if (!first && known->pid == fresh.pid && known->process_start == fresh.process_start)
		return;
	if (bpf_map_update_elem(&socket_owner, tuple, &fresh, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	if (first && tuple->protocol == IPPROTO_TCP_VALUE)
		send_record(CONNECTION_OWNED, &fresh, tuple, sk);
}

static __always_inline int on_use(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct socket_tuple tuple = {};
	struct thread_socket *last;
	struct socket_use *use;
	__u64 process_start, now;
	__u16 family;
	__u32 pid;

	if (!sk)
		return 0;
	family = sk->__sk_common.skc_family;
	if (family != AF_INET && family != AF_INET6 && family != AF_UNIX)
		return 0;
	use = bpf_sk_storage_get(&socket_uses, sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	last = bpf_task_storage_get(&thread_socket, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!use || !last) {
		count_loss(LOSS_MAP_FULL);
		return 0;
	}
	now = bpf_ktime_get_boot_ns();
	if (!is_same(&use->tuple, sk, family)) {
		if (!read_tuple(sk, &tuple))
			return 0;
		use->tuple = tuple;
		use->noted_ns = 0;
	}
	last->tuple = use->tuple;
	last->sk = (__u64)sk;
	last->boot_ns = now;
	pid = bpf_get_current_pid_tgid() >> 32;
	process_start = task->group_leader->start_boottime;
	if (use->pid != pid || use->process_start != process_start || now - use->noted_ns > NOTE_AGAIN_NS) {
		use->pid = pid;
		use->process_start = process_start;
		use->noted_ns = now;
		tuple = use->tuple;
		note_owner(&tuple, (__u64)sk);
	}
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(on_send, struct sock *sk, int result, int flags)
{
	return on_use(sk);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(on_receive, struct sock *sk, int result, int flags)
{
	/* Servers ask for more until there is none: what moved nothing is of no interest. */
	return result < 0 ? 0 : on_use(sk);
}

/* In the thread that called connect; the source port is not chosen yet. */
static __always_inline void on_connect(const struct sock *sk)
{
	struct connect_target target = {};
	struct socket_tuple tuple = {};
	__u64 key = (__u64)sk;
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	owner_of_current(&target.owner);
	if (!read_tuple(sk, &tuple))
		return;
	__builtin_memcpy(target.remote, tuple.remote, sizeof(target.remote));
	target.remote_port = tuple.remote_port;
	target.netns = tuple.netns;
	if (bpf_map_update_elem(&connecting, &key, &target.owner, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	if (bpf_map_update_elem(&connecting_threads, &tid, &target, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
}

static __always_inline void on_opened(const struct sock *sk)
{
	struct socket_tuple tuple = {};
	__u64 key = (__u64)sk;
	struct socket_owner *owner = bpf_map_lookup_elem(&connecting, &key);

	if (!read_tuple(sk, &tuple))
		return;
	if (owner && bpf_map_update_elem(&socket_owner, &tuple, owner, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	send_record(CONNECTION_OPENED, owner, &tuple, key);
	bpf_map_delete_elem(&connecting, &key);
}

static __always_inline void on_accepted(const struct sock *sk)
{
	struct socket_tuple tuple = {};

	if (read_tuple(sk, &tuple))
		send_record(CONNECTION_ACCEPTED, NULL, &tuple, (__u64)sk);
}

static __always_inline void on_closed(const struct sock *sk)
{
	struct socket_tuple tuple = {};
	struct socket_owner *owner;

	if (!read_tuple(sk, &tuple))
		return;
	owner = bpf_map_lookup_elem(&socket_owner, &tuple);
	send_record(CONNECTION_CLOSED, owner, &tuple, (__u64)sk);
	if (owner)
		owner->flags |= OWNER_CLOSED;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old, int new)
{
	__u64 key = (__u64)sk;

	if (sk->sk_protocol != IPPROTO_TCP_VALUE)
		return 0;
	switch (new) {
	case TCP_SYN_SENT:
		on_connect(sk);
		break;
	case TCP_ESTABLISHED:
		if (old == TCP_SYN_SENT)
			on_opened(sk);
		else if (old == TCP_SYN_RECV)
			on_accepted(sk);
		break;
	case TCP_CLOSE:
		if (old == TCP_SYN_SENT)
			bpf_map_delete_elem(&connecting, &key);
		else if (old != TCP_SYN_RECV && old != TCP_LISTEN && old != TCP_NEW_SYN_RECV && old != TCP_CLOSE)
			on_closed(sk);
		break;
	}
	return 0;
}

/* Sockets that are older than the agent: fills socket_owner, and writes a record for each TCP connection. */
SEC("iter/task_file")
int existing_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct connection_record record = {};
	struct socket_owner owner = {};
	struct socket_tuple tuple = {};
	struct socket *socket;
	struct sock *sk;
	__u8 state;

	if (!task || !file || task->tgid != task->pid)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !read_tuple(sk, &tuple) || tuple.family == AF_UNIX || tuple.remote_port == 0)
		return 0;
	owner.pid = task->tgid;
	owner.uid = BPF_CORE_READ(task, cred, uid.val);
	owner.process_start = task->start_boottime;
	BPF_CORE_READ_STR_INTO(&owner.comm, task, comm);
	/* A socket that several processes hold stays the first one's until one of them uses it. */
	bpf_map_update_elem(&socket_owner, &tuple, &owner, BPF_NOEXIST);
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	if (tuple.protocol != IPPROTO_TCP_VALUE || state == TCP_CLOSE || state == TCP_LISTEN || state == TCP_SYN_SENT
	    || state == TCP_SYN_RECV)
		return 0;
	fill_record(&record, CONNECTION_EXISTING, &owner, &tuple, (__u64)sk);
	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}
