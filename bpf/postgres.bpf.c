/* What PostgreSQL servers read from and write to their clients, decrypted: secure_read and secure_write(Port *, void *, size_t).
 *
 * A server process serves one client, on one thread. Each direction's bytes are numbered, so that a chunk that was lost shows.
 *
 * Rows and the data of COPY are not copied (messages.h). Messages are a type byte, a length that counts itself, a body ("Message Formats"). The
 * place in a stream is certain
 *   - in what a client sends: from the first byte of a session that began after the agent, whose startup messages have no type;
 *   - in what a server sends: after it has sent ReadyForQuery, with which it flushes its buffer, and then reads;
 *   - in what the client of an older session sends: when, at such a moment, whole messages were read and nothing else.
 *
 * A server that waits for its client when the agent starts is inside secure_read already. Until it has left it, the functions that
 * secure_read calls again after the wait are watched in that process alone: be_tls_read, or secure_raw_read when there is no TLS.
 */
#define RING_BYTES (16 * 1024 * 1024)
#define SCRATCH_BYTES (20 * 1024)
#include "shared.h"
#include "messages.h"

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
	__u64 left_out;            /* of these, directly before: not copied */
	__u64 messages;            /* rows, or parts of a COPY, that these are */
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
	__u64 received_bytes;
	__u64 sent_bytes;
	__u32 in_tls;
	__u32 is_ready; /* the last bytes sent are a ReadyForQuery */
	struct message_walk received;
	struct message_walk sent;
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

/* State of a place. */
enum place_state {
	PLACE_START,   /* nothing of the direction was seen */
	PLACE_UNKNOWN, /* everything is copied */
	PLACE_UNTYPED, /* startup messages: a length and a body */
	PLACE_KNOWN,
};

#define LENGTH_BYTES 4
#define HEADER_BYTES (1 + LENGTH_BYTES)
#define LARGEST_BODY 0x3fffffff /* MaxAllocSize, the server's own limit */
#define ENCRYPTION_REQUEST 8    /* length of SSLRequest and GSSENCRequest, after which another startup message comes */
#define TLS_HANDSHAKE 0x16      /* begins a ClientHello, at which a server of version 17 peeks */

static __always_inline void fill_data(struct postgres_data *record, struct message_walk *walk)
{
	record->reserved = 0;
	fill_tuple(&record->tuple);
}

DEFINE_SEND_RUN(struct postgres_data, fill_data)

static __always_inline void forget_place(struct message_place *place)
{
	place->state = PLACE_UNKNOWN;
	place->drops = 0;
}

/* Between two messages. */
static __always_inline void know_place(struct message_place *place)
{
	place->state = PLACE_KNOWN;
	place->header = 0;
	place->rest = 0;
}

/* The header was read. */
static __always_inline void end_header(struct message_place *place)
{
	place->header = 0;
	place->rest = 0;
	if (place->length < LENGTH_BYTES || place->length - LENGTH_BYTES > LARGEST_BODY || (place->state == PLACE_KNOWN && place->type < '1')) {
		forget_place(place);
		return;
	}
	place->rest = place->length - LENGTH_BYTES;
	if (place->state == PLACE_UNTYPED && place->length != ENCRYPTION_REQUEST)
		place->state = PLACE_KNOWN;
}

static long walk_step(__u32 step, struct walk_context *context)
{
	struct message_walk *walk = context->walk;
	struct message_place *place = &walk->place;
	__u8 header[HEADER_BYTES] = {};
	bool is_whole;
	long result;

	if (WALK_SENT(walk, context->slot, result))
		return result;
	if (place->state < PLACE_UNTYPED) {
		walk_on(walk, walk->left);
		return 0;
	}
	if (place->rest) {
		walk_rest(walk);
		return 0;
	}
	if (!place->header && place->state == PLACE_UNTYPED) {
		walk_begin(walk, false);
		place->type = 0;
		place->header = 1;
	}
	is_whole = !place->header && walk->left >= HEADER_BYTES;
	if (is_whole ? bpf_probe_read_user(header, HEADER_BYTES, (void *)walk->from) : bpf_probe_read_user(header, 1, (void *)walk->from)) {
		forget_place(place);
		return 0;
	}
	if (!place->header) {
		bool is_data = header[0] == 'd' || (header[0] == 'D' && walk->type == RECORD_SENT);

		if (!walk_begin(walk, is_data && !walk->keeps))
			return 0;
		place->type = header[0];
		place->length = 0;
	}
	if (is_whole) {
		place->length = (__u32)header[1] << 24 | (__u32)header[2] << 16 | (__u32)header[3] << 8 | header[4];
		walk_on(walk, HEADER_BYTES);
		end_header(place);
		if (place->rest)
			walk_rest(walk);
		return 0;
	}
	if (place->header)
		place->length = place->length << 8 | header[0];
	walk_on(walk, 1);
	if (++place->header == HEADER_BYTES)
		end_header(place);
	return 0;
}

/* The bytes end with a ReadyForQuery. */
static __always_inline bool ends_ready(__u64 buffer, __u64 count)
{
	__u8 end[HEADER_BYTES + 1];

	return count >= sizeof(end) && !bpf_probe_read_user(end, sizeof(end), (void *)(buffer + count - sizeof(end))) &&
	       end[0] == 'Z' && !end[1] && !end[2] && !end[3] && end[4] == HEADER_BYTES && (end[5] == 'I' || end[5] == 'T' || end[5] == 'E');
}

/* How to begin with what a client sends. */
static __always_inline void begin_received(struct postgres_server *server)
{
	struct message_walk *walk = &server->received;
	struct message_place *place = &walk->place;
	__u8 first = 0;

	if (place->state == PLACE_START && !bpf_probe_read_user(&first, 1, (void *)walk->from) && first != TLS_HANDSHAKE)
		place->state = first ? PLACE_UNKNOWN : PLACE_UNTYPED;
	if (place->state == PLACE_UNKNOWN && server->is_ready) {
		know_place(place);
		walk->keeps = 1; /* to see whether it is */
	}
	if (server->is_ready && server->sent.place.state < PLACE_UNTYPED)
		know_place(&server->sent.place);
	server->is_ready = 0;
}

/* Sends the bytes of one call that moved them. */
static __always_inline void send_data(struct postgres_server *server, struct postgres_call *call, long count, __u16 type)
{
	bool is_received = type == RECORD_RECEIVED;
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct postgres_unwanted *unwanted;
	struct message_walk *walk = is_received ? &server->received : &server->sent;
	struct walk_context context = { .walk = walk };
	__u64 begin = is_received ? server->received_bytes : server->sent_bytes;

	walk_call(walk, call->buffer, count, begin, type);
	if (is_received) {
		server->received_bytes = begin + count;
		begin_received(server);
	} else {
		server->sent_bytes = begin + count;
		server->is_ready = ends_ready(call->buffer, count);
	}
	unwanted = bpf_map_lookup_elem(&postgres_unwanted, &tgid);
	if (unwanted && unwanted->process_start == current_start()) {
		__u64 until = is_received ? unwanted->received_until : unwanted->sent_until;
		__u64 skip = until > begin ? until - begin : 0;

		if (until == ~0ULL)
			return; /* the session is excluded */
		if (walk->place.state < PLACE_UNTYPED && skip) {
			if (skip >= (__u64)count)
				return;
			walk->from += skip;
			walk->left -= skip;
			walk->offset += skip;
		}
	}
	context.slot = scratch_take_for(0); /* send_run counts what it sends */
	bpf_loop(STEPS, walk_step, &context, 0);
	if (context.slot)
		scratch_release(context.slot);
	if (walk->left || walk->run || (walk->keeps && (walk->place.header || walk->place.rest)))
		forget_place(&walk->place);
}

SEC("uprobe")
int on_read(struct pt_regs *ctx)
{
	struct postgres_server *server = server_of_current();
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;

	if (!server)
		return 0;
	if (server->received_bytes == 0 || server->inner.active)
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
		send_data(server, &server->read, count, RECORD_RECEIVED);
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
		send_data(server, &server->write, count, RECORD_SENT);
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
		send_data(server, &server->inner, count, RECORD_RECEIVED);
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
