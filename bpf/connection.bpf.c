/* The base object: which socket a thread uses, which process owns a socket, and when TCP connections open and close.
 *
 * sock_send_length and sock_recv_length (Linux 6.3) run in the calling thread after the call, for every family.
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

static __always_inline void owner_of_current(struct socket_owner *owner)
{
	owner->pid = bpf_get_current_pid_tgid() >> 32;
	owner->uid = (__u32)bpf_get_current_uid_gid();
	owner->flags = 0;
	read_current(&owner->process_start, owner->comm);
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

/* The current thread uses a socket. */
static __always_inline bool thread_uses(const struct socket_use *use, __u64 sk, __u64 now)
{
	struct thread_socket *last = thread_make(thread_socket);

	if (!last) {
		count_loss(LOSS_MAP_FULL);
		return false;
	}
	last->tuple = use->tuple;
	last->sk = sk;
	last->boot_ns = now;
	return true;
}

static __always_inline int note_use(struct socket_use *use, __u64 sk)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct socket_tuple tuple;
	__u64 process_start;
	__u32 pid;

	if (!thread_uses(use, sk, now))
		return 0;
	pid = bpf_get_current_pid_tgid() >> 32;
	process_start = current_start();
	if (use->pid != pid || use->process_start != process_start || now - use->noted_ns > NOTE_AGAIN_NS) {
		use->pid = pid;
		use->process_start = process_start;
		use->noted_ns = now;
		tuple = use->tuple;
		note_owner(&tuple, sk);
	}
	return 0;
}

#if KERNEL_TYPES
#include "socket_use.h"
#else
#include "plain/socket_use.h"
#endif

/* In the thread that called connect; the source port is not chosen yet. */
static __always_inline void on_connect(socket_ref sk)
{
	struct connect_target target = {};
	struct socket_tuple tuple = {};
	__u64 key = socket_key(sk);
	__u64 task = bpf_get_current_task();

	owner_of_current(&target.owner);
	if (!read_tuple(sk, &tuple))
		return;
	__builtin_memcpy(target.remote, tuple.remote, sizeof(target.remote));
	target.remote_port = tuple.remote_port;
	target.netns = tuple.netns;
	if (bpf_map_update_elem(&connecting, &key, &target.owner, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	if (bpf_map_update_elem(&connecting_threads, &task, &target, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
}

static __always_inline void on_opened(socket_ref sk)
{
	struct socket_tuple tuple = {};
	__u64 key = socket_key(sk);
	struct socket_owner *owner = bpf_map_lookup_elem(&connecting, &key);

	if (!read_tuple(sk, &tuple))
		return;
	if (owner && bpf_map_update_elem(&socket_owner, &tuple, owner, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	socket_begins(key, &tuple);
	send_record(CONNECTION_OPENED, owner, &tuple, key);
	bpf_map_delete_elem(&connecting, &key);
}

static __always_inline void on_accepted(socket_ref sk)
{
	struct socket_tuple tuple = {};
	__u64 key = socket_key(sk);

	if (!read_tuple(sk, &tuple))
		return;
	socket_begins(key, &tuple);
	send_record(CONNECTION_ACCEPTED, NULL, &tuple, key);
}

static __always_inline void on_closed(socket_ref sk)
{
	struct socket_tuple tuple = {};
	struct socket_owner *owner;
	__u64 key = socket_key(sk);

	if (!read_tuple(sk, &tuple))
		return;
	owner = bpf_map_lookup_elem(&socket_owner, &tuple);
	send_record(CONNECTION_CLOSED, owner, &tuple, key);
	socket_ended(key);
	if (owner)
		owner->flags |= OWNER_CLOSED;
}

/* A connection's state changes, perhaps in soft interrupt. */
static __always_inline int on_change(socket_ref sk, int old, int new)
{
	__u64 key = socket_key(sk);

	switch (new) {
	case BPF_TCP_SYN_SENT:
		on_connect(sk);
		break;
	case BPF_TCP_ESTABLISHED:
		if (old == BPF_TCP_SYN_SENT)
			on_opened(sk);
		else if (old == BPF_TCP_SYN_RECV)
			on_accepted(sk);
		break;
	case BPF_TCP_CLOSE:
		if (old == BPF_TCP_SYN_SENT)
			bpf_map_delete_elem(&connecting, &key);
		else if (old != BPF_TCP_SYN_RECV && old != BPF_TCP_LISTEN && old != BPF_TCP_NEW_SYN_RECV && old != BPF_TCP_CLOSE)
			on_closed(sk);
		break;
	}
	return 0;
}

#if KERNEL_TYPES
TRACE("inet_sock_set_state")
int BPF_PROG(on_state, const struct sock *sk, int old, int new)
{
	return READ(sk, sk_protocol) == IPPROTO_TCP_VALUE ? on_change(sk, old, new) : 0;
}
#else
SEC("tracepoint/sock/inet_sock_set_state")
int on_state(const struct inet_sock_set_state *ctx)
{
	return ctx->protocol == IPPROTO_TCP_VALUE ? on_change(ctx, ctx->oldstate, ctx->newstate) : 0;
}
#endif

#if KERNEL_BTF
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
#else
FORGET_THREAD_IN(thread_forget(thread_socket);)
#endif
