/* What PostgreSQL servers read from and write to their clients, decrypted: secure_read and secure_write(Port *, void *, size_t).
 *
 * A server process serves one client, on one thread. Each direction's bytes are numbered, so that a chunk that was lost shows.
 *
 * A server that waits for its client when the agent starts is inside secure_read already. Until it has left it, the functions that
 * secure_read calls again after the wait are watched in that process alone: be_tls_read, or secure_raw_read when there is no TLS.
 */
#define RING_BYTES (16 * 1024 * 1024)
#define SCRATCH_BYTES (20 * 1024)
#include "shared.h"
#include "chunks.h"

char LICENSE[] SEC("license") = "GPL";

enum record_type {
	RECORD_RECEIVED = 1, /* from the client */
	RECORD_SENT = 2,
	RECORD_END = 3,      /* the server process ended */
};

/* A chunk. After it: the bytes. */
struct postgres_data {
	struct record_header header;
	struct socket_tuple tuple; /* of the server's socket; family 0: not known */
	__u64 offset;              /* bytes of this direction before */
	__u32 data_length;
	__u32 reserved;
};

const struct postgres_data *postgres_data_type __attribute__((unused));

/* A call of one of the functions that has not returned. */
struct postgres_call {
	__u64 buffer;
	__u64 active;
};

/* What is known of a server process. */
struct postgres_server {
	struct postgres_call read;
	struct postgres_call write;
	struct postgres_call inner; /* of the functions that secure_read calls */
	__u64 received;
	__u64 sent;
	__u32 in_tls;
	__u32 reserved;
};

DEFINE_THREAD_MAP(postgres_servers, struct postgres_server);

/* Offsets below which the bytes of a session are of no interest: rows of a large result, or all of them when it is excluded. */
struct postgres_unwanted {
	__u64 process_start;
	__u64 received_until;
	__u64 sent_until;
};

const struct postgres_unwanted *postgres_unwanted_type __attribute__((unused));

/* By thread group id. Filled by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct postgres_unwanted);
} postgres_unwanted SEC(".maps");

/* Server processes that have called secure_read since the agent began: they need no inner probes any more. Read by the agent. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} postgres_settled SEC(".maps");

static __always_inline struct postgres_server *server_of_current(void)
{
	struct postgres_server *server = thread_make(postgres_servers);

	if (!server)
		count_loss(LOSS_MAP_FULL);
	return server;
}

DEFINE_SEND_CHUNK(struct postgres_data)

/* Sends the bytes of one call that moved them. */
static __always_inline void send_data(struct postgres_call *call, __u64 *offset, long count, __u16 type)
{
	struct postgres_unwanted *unwanted;
	struct thread_socket *socket;
	struct postgres_data *record;
	struct chunk_walk walk = {};
	__u64 begin = *offset;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;

	*offset = begin + count;
	walk.from = call->buffer;
	walk.left = count;
	walk.offset = begin;
	walk.type = type;
	unwanted = bpf_map_lookup_elem(&postgres_unwanted, &tgid);
	if (unwanted) {
		__u64 until = type == RECORD_RECEIVED ? unwanted->received_until : unwanted->sent_until;

		if (until > begin && unwanted->process_start == current_start()) {
			__u64 skip = until - begin;

			if (skip >= (__u64)count)
				return;
			walk.from += skip;
			walk.left -= skip;
			walk.offset += skip;
		}
	}
	walk.slot = scratch_take_for(chunks_of(walk.left));
	if (!walk.slot)
		return;
	record = (struct postgres_data *)walk.slot->bytes;
	record_begin(&record->header);
	record->reserved = 0;
	socket = last_socket();
	if (socket)
		record->tuple = socket->tuple;
	else
		__builtin_memset(&record->tuple, 0, sizeof(record->tuple));
	bpf_loop(CHUNKS, send_chunk, &walk, 0);
	scratch_release(walk.slot);
}

SEC("uprobe")
int on_read(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;

	if (!server)
		return 0;
	if (server->received == 0 || server->inner.active)
		bpf_map_update_elem(&postgres_settled, &tgid, &yes, BPF_ANY);
	server->read.buffer = PT_REGS_PARM2(ctx);
	server->read.active = 1;
	server->inner.active = 0;
	server->in_tls = 0;
	return 0;
}

SEC("uretprobe")
int on_read_done(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();
	long count = PT_REGS_RC(ctx);

	if (!server || !server->read.active)
		return 0;
	server->read.active = 0;
	if (count > 0)
		send_data(&server->read, &server->received, count, RECORD_RECEIVED);
	return 0;
}

SEC("uprobe")
int on_write(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();

	if (!server)
		return 0;
	server->write.buffer = PT_REGS_PARM2(ctx);
	server->write.active = 1;
	return 0;
}

SEC("uretprobe")
int on_write_done(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();
	long count = PT_REGS_RC(ctx);

	if (!server || !server->write.active)
		return 0;
	server->write.active = 0;
	if (count > 0)
		send_data(&server->write, &server->sent, count, RECORD_SENT);
	return 0;
}

/* Below: only in processes that were inside secure_read when the agent attached, and until their next call of it. */

static __always_inline int inner_begin(struct postgres_server *server, __u64 buffer)
{
	if (server->read.active)
		return 0;
	server->inner.buffer = buffer;
	server->inner.active = 1;
	return 0;
}

static __always_inline int inner_end(struct postgres_server *server, long count)
{
	if (!server->inner.active)
		return 0;
	server->inner.active = 0;
	if (count > 0)
		send_data(&server->inner, &server->received, count, RECORD_RECEIVED);
	return 0;
}

SEC("uprobe")
int on_tls_read(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();

	if (!server)
		return 0;
	server->in_tls = 1;
	return inner_begin(server, PT_REGS_PARM2(ctx));
}

SEC("uretprobe")
int on_tls_read_done(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();

	if (!server)
		return 0;
	server->in_tls = 0;
	return inner_end(server, (long)PT_REGS_RC(ctx));
}

SEC("uprobe")
int on_raw_read(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();

	if (!server || server->in_tls)
		return 0; /* the ciphertext */
	return inner_begin(server, PT_REGS_PARM2(ctx));
}

SEC("uretprobe")
int on_raw_read_done(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();

	if (!server || server->in_tls)
		return 0;
	return inner_end(server, (long)PT_REGS_RC(ctx));
}

THREAD_EXIT int on_exit(void *ctx)
{
	struct record_header *record;
	struct scratch *slot;

	if (!thread_find(postgres_servers))
		return 0;
	thread_forget(postgres_servers);
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct record_header *)slot->bytes;
	record_begin(record);
	record_submit(slot, RECORD_END, sizeof(*record));
	scratch_release(slot);
	return 0;
}
