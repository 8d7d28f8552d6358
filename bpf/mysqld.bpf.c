/* What MariaDB and MySQL servers read from and write to their clients, decrypted: vio_read, vio_write, vio_ssl_read and vio_ssl_write
 * (Vio *, void *, size_t).
 *
 * A Vio is one client's connection, whichever threads serve it: its two directions are numbered, so that a chunk that was lost shows.
 * It lives until vio_delete; the same address is used again after that, so a session is its Vio and when it was first seen.
 */
#define RING_BYTES (16 * 1024 * 1024)
#define SCRATCH_BYTES (20 * 1024)
#include "shared.h"
#include "chunks.h"

char LICENSE[] SEC("license") = "GPL";

enum record_type {
	RECORD_RECEIVED = 17, /* from the client; not the numbers of postgres.bpf.c: the ring is one */
	RECORD_SENT = 18,
	RECORD_END = 19,      /* vio_delete */
};

/* Attach cookies. */
enum function {
	FUNCTION_READ = 1,
	FUNCTION_WRITE = 2,
	FUNCTION_DELETE = 3,
};

/* A chunk. After it: the bytes. */
struct mysqld_data {
	struct record_header header;
	struct socket_tuple tuple; /* of the server's socket; family 0: not known */
	__u32 data_length;
	__u64 vio;                 /* its address */
	__u64 birth;               /* CLOCK_BOOTTIME when it was first seen */
	__u64 offset;              /* bytes of this direction before */
};

const struct mysqld_data *mysqld_data_type __attribute__((unused));

/* A call that has not returned. */
struct mysqld_call {
	__u64 vio;
	__u64 buffer; /* 0: none */
};

struct mysqld_thread {
	struct mysqld_call read;
	struct mysqld_call write;
};

DEFINE_THREAD_MAP(mysqld_threads, struct mysqld_thread);

FORGET_THREAD_IN(thread_forget(mysqld_threads);)

struct mysqld_session_key {
	__u64 vio;
	__u32 pid; /* thread group id */
	__u32 reserved;
};

const struct mysqld_session_key *mysqld_session_key_type __attribute__((unused));

struct mysqld_session {
	__u64 birth;
	__u64 received;
	__u64 sent;
};

/* Taken out by vio_delete; by the agent when the process ended. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct mysqld_session_key);
	__type(value, struct mysqld_session);
} mysqld_sessions SEC(".maps");

/* Sessions whose bytes are of no interest, with their birth. Filled by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct mysqld_session_key);
	__type(value, __u64);
} mysqld_ignored SEC(".maps");

static __always_inline struct mysqld_thread *thread_of_current(void)
{
	struct mysqld_thread *thread = thread_make(mysqld_threads);

	if (!thread)
		count_loss(LOSS_MAP_FULL);
	return thread;
}

static __always_inline struct mysqld_session *session_of(struct mysqld_session_key *key)
{
	struct mysqld_session *session = bpf_map_lookup_elem(&mysqld_sessions, key);
	struct mysqld_session new = {};

	if (session)
		return session;
	new.birth = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&mysqld_sessions, key, &new, BPF_NOEXIST);
	session = bpf_map_lookup_elem(&mysqld_sessions, key);
	if (!session)
		count_loss(LOSS_MAP_FULL);
	return session;
}

DEFINE_SEND_CHUNK(struct mysqld_data)

static __always_inline struct scratch *begin_data(__u64 vio, __u64 birth, __u64 records)
{
	struct thread_socket *socket = last_socket();
	struct scratch *slot = scratch_take_for(records);
	struct mysqld_data *record;

	if (!slot)
		return NULL;
	record = (struct mysqld_data *)slot->bytes;
	record_begin(&record->header);
	record->vio = vio;
	record->birth = birth;
	record->offset = 0;
	record->data_length = 0;
	if (socket)
		record->tuple = socket->tuple;
	else
		__builtin_memset(&record->tuple, 0, sizeof(record->tuple));
	return slot;
}

SEC("uprobe")
int on_enter(struct pt_regs *ctx)
{
	__u64 function = bpf_get_attach_cookie(ctx);
	__u64 vio = PT_REGS_PARM1(ctx);
	struct mysqld_thread *thread;

	if (function == FUNCTION_DELETE) {
		struct mysqld_session_key key = { .vio = vio, .pid = bpf_get_current_pid_tgid() >> 32 };
		struct mysqld_session *session = bpf_map_lookup_elem(&mysqld_sessions, &key);
		struct scratch *slot;

		if (!session)
			return 0;
		slot = begin_data(vio, session->birth, 1);
		if (slot) {
			record_submit(slot, RECORD_END, sizeof(struct mysqld_data));
			scratch_release(slot);
		}
		bpf_map_delete_elem(&mysqld_sessions, &key);
		return 0;
	}
	thread = thread_of_current();
	if (!thread)
		return 0;
	if (function == FUNCTION_READ) {
		thread->read.vio = vio;
		thread->read.buffer = PT_REGS_PARM2(ctx);
	} else {
		thread->write.vio = vio;
		thread->write.buffer = PT_REGS_PARM2(ctx);
	}
	return 0;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	bool is_read = bpf_get_attach_cookie(ctx) == FUNCTION_READ;
	struct mysqld_session_key key = { .pid = bpf_get_current_pid_tgid() >> 32 };
	struct mysqld_thread *thread = thread_of_current();
	long count = PT_REGS_RC(ctx);
	struct chunk_walk walk = {};
	struct mysqld_session *session;
	struct mysqld_call call;
	__u64 *ignored;

	if (!thread)
		return 0;
	call = is_read ? thread->read : thread->write;
	if (!call.buffer)
		return 0; /* entered before it was watched */
	if (is_read)
		thread->read.buffer = 0;
	else
		thread->write.buffer = 0;
	if (count <= 0)
		return 0;
	key.vio = call.vio;
	session = session_of(&key);
	if (!session)
		return 0;
	if (is_read) {
		walk.offset = session->received;
		session->received += count;
	} else {
		walk.offset = session->sent;
		session->sent += count;
	}
	ignored = bpf_map_lookup_elem(&mysqld_ignored, &key);
	if (ignored && *ignored == session->birth)
		return 0;
	walk.from = call.buffer;
	walk.left = count;
	walk.type = is_read ? RECORD_RECEIVED : RECORD_SENT;
	walk.slot = begin_data(call.vio, session->birth, chunks_of(count));
	if (!walk.slot)
		return 0;
	bpf_loop(CHUNKS, send_chunk, &walk, 0);
	scratch_release(walk.slot);
	return 0;
}
