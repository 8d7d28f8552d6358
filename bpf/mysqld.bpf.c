/* What MariaDB and MySQL servers read from and write to their clients, decrypted: vio_read, vio_write, vio_ssl_read and vio_ssl_write
 * (Vio *, void *, size_t).
 *
 * A Vio is one client's connection, whichever threads serve it: its two directions are numbered, so that a chunk that was lost shows.
 * It lives until vio_delete; the same address is used again after that, so a session is its Vio and when it was first seen.
 *
 * Rows of results and the files of LOAD DATA LOCAL are not copied (messages.h). Packets are three bytes of length, one of number, a payload. Servers read the header of a packet by
 * itself and then what it announces, and have sent the whole answer to a command before they read the next: so the code of a command says what
 * its answer looks like, and that the next byte sent begins a packet.
 */
#define RING_BYTES (16 * 1024 * 1024)
#define SCRATCH_BYTES (20 * 1024)
#include "shared.h"
#include "messages.h"

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
	__u64 left_out;            /* of these, directly before: not copied */
	__u64 messages;            /* rows, or packets of a file, that these are */
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
	__u64 received_bytes;
	__u64 sent_bytes;
	__u64 awaits_code; /* the header of a command was read */
	struct message_walk received;
	struct message_walk sent;
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

/* Where an answer stands: state of its place ("Text Resultset"). */
enum answer_state {
	ANSWER_OTHER,       /* everything is copied */
	ANSWER_FIRST,       /* OK, ERR, or how many columns */
	ANSWER_COLUMNS,     /* their definitions */
	ANSWER_COLUMNS_END, /* EOF, where it was not agreed that there is none */
	ANSWER_ROWS,        /* until EOF, or OK in its place, or ERR */
	ANSWER_FILE,        /* the client sends a file, until an empty packet */
};

#define HEADER_BYTES 4
#define FULL_PART 0xffffff /* of a packet that another part follows */
#define EOF_BYTES 5        /* of its payload */

/* First bytes of payloads. */
#define FIRST_FILE 0xfb
#define FIRST_END 0xfe
#define FIRST_ERROR 0xff
#define MOST_COLUMNS 250 /* that one byte can say */
#define NOT_READ 0x100   /* a second byte that is not here yet */

/* Commands that are answered with rows. */
#define COMMAND_QUERY 0x03
#define COMMAND_EXECUTE 0x17
#define COMMAND_FETCH 0x1c
#define COMMAND_BULK_EXECUTE 0xfa

static __always_inline void fill_data(struct mysqld_data *record, struct message_walk *walk)
{
	record->vio = walk->vio;
	record->birth = walk->birth;
	fill_tuple(&record->tuple);
}

DEFINE_SEND_RUN(struct mysqld_data, fill_data)

/* The first packet of an answer; if it is a number of columns, rows come. MariaDB may put a flag behind the number, whether definitions follow, and
 * MySQL the same flag before it; one column and its flag look the same in both.
 */
static __always_inline void begin_answer(struct message_place *place, __u8 first, __u32 second)
{
	bool are_defined = true;

	if (first == FIRST_FILE) {
		place->state = ANSWER_FILE;
		return;
	}
	if (place->length > 2)
		return; /* OK, ERR */
	if (first > MOST_COLUMNS || (place->length == 2 && second == NOT_READ)) {
		place->state = ANSWER_OTHER;
		return;
	}
	place->columns = first;
	if (place->length == 2) {
		are_defined = first > 1 ? second : first && second;
		if (first == 1)
			place->columns = second;
	}
	place->state = are_defined && place->columns ? ANSWER_COLUMNS : ANSWER_COLUMNS_END;
}

/* A packet whose length and first bytes were read. */
static __always_inline void end_header(struct message_place *place, __u8 first, __u32 second)
{
	bool was_continued = place->continued;

	place->header = 0;
	place->continued = place->length == FULL_PART;
	if (was_continued)
		return;
	switch (place->state) {
	case ANSWER_FIRST:
		begin_answer(place, first, second);
		break;
	case ANSWER_COLUMNS:
		if (--place->columns == 0)
			place->state = ANSWER_COLUMNS_END;
		break;
	case ANSWER_COLUMNS_END:
		place->state = ANSWER_ROWS;
		if (first == FIRST_END && place->length == EOF_BYTES)
			break;
		/* fallthrough */
	case ANSWER_ROWS:
		if (first == FIRST_ERROR || (first == FIRST_END && place->length < FULL_PART))
			place->state = ANSWER_FIRST;
		break;
	}
}

/* A packet is a row. */
static __always_inline bool is_row(struct message_place *place, __u32 length, __u8 first)
{
	return (place->state == ANSWER_COLUMNS_END || place->state == ANSWER_ROWS) && length && first != FIRST_ERROR && (first != FIRST_END || length == FULL_PART);
}

static long walk_step(__u32 step, struct walk_context *context)
{
	struct message_walk *walk = context->walk;
	struct message_place *place = &walk->place;
	__u8 header[HEADER_BYTES + 2] = {};
	__u32 length;
	long result;

	if (WALK_SENT(walk, context->slot, result))
		return result;
	if (place->rest) {
		walk_rest(walk);
		return 0;
	}
	if (place->state == ANSWER_OTHER) {
		place->drops = 0;
		walk_on(walk, walk->left);
		return 0;
	}
	if (place->header || walk->left <= HEADER_BYTES) {
		/* A header that two calls share: the packet is copied, or goes on as it began. */
		if (bpf_probe_read_user(header, 1, (void *)walk->from)) {
			place->state = ANSWER_OTHER;
			return 0;
		}
		if (!place->header) {
			if (!place->continued && !walk_begin(walk, false))
				return 0;
			place->length = 0;
		}
		if (place->header == HEADER_BYTES) {
			place->rest = place->length;
			end_header(place, header[0], NOT_READ);
			return 0;
		}
		if (place->header < HEADER_BYTES - 1)
			place->length |= (__u32)header[0] << (8 * (place->header & 3));
		walk_on(walk, 1);
		if (++place->header == HEADER_BYTES && !place->length)
			end_header(place, 0, NOT_READ);
		return 0;
	}
	if (walk->left > HEADER_BYTES + 1 ? bpf_probe_read_user(header, HEADER_BYTES + 2, (void *)walk->from) :
					    bpf_probe_read_user(header, HEADER_BYTES + 1, (void *)walk->from)) {
		place->state = ANSWER_OTHER;
		return 0;
	}
	length = (__u32)header[2] << 16 | (__u32)header[1] << 8 | header[0];
	if (!place->continued && !walk_begin(walk, is_row(place, length, header[4])))
		return 0;
	place->length = length;
	end_header(place, header[4], walk->left > HEADER_BYTES + 1 ? header[5] : NOT_READ);
	place->rest = length;
	walk_on(walk, HEADER_BYTES);
	walk_rest(walk);
	return 0;
}

/* Bytes of the client: what a command tells about its answer. */
static __always_inline void note_command(struct mysqld_session *session, __u64 buffer, long count)
{
	struct message_place *place = &session->sent.place;
	__u8 header[HEADER_BYTES] = {};

	if (count == HEADER_BYTES && !bpf_probe_read_user(header, HEADER_BYTES, (void *)buffer) && header[3] == 0 && (header[0] | header[1] | header[2])) {
		session->awaits_code = 1;
		place->state = ANSWER_OTHER;
		return;
	}
	if (!session->awaits_code)
		return;
	session->awaits_code = 0;
	bpf_probe_read_user(header, 1, (void *)buffer);
	place->rest = 0;
	place->header = 0;
	place->continued = 0;
	if (header[0] == COMMAND_QUERY || header[0] == COMMAND_EXECUTE || header[0] == COMMAND_BULK_EXECUTE)
		place->state = ANSWER_FIRST;
	else if (header[0] == COMMAND_FETCH)
		place->state = ANSWER_ROWS;
}

/* Bytes of a file that the client sends, or its end. */
static __always_inline void pass_file(struct mysqld_session *session, __u64 buffer, __u64 count)
{
	struct message_walk *walk = &session->received;
	struct message_place *place = &walk->place;
	__u8 header[HEADER_BYTES] = {};
	__u32 length;

	if (!place->rest) {
		if (count != HEADER_BYTES || bpf_probe_read_user(header, HEADER_BYTES, (void *)buffer)) {
			session->sent.place.state = ANSWER_OTHER;
			return;
		}
		length = (__u32)header[2] << 16 | (__u32)header[1] << 8 | header[0];
		if (!length && !place->continued) {
			session->sent.place.state = ANSWER_FIRST;
			return;
		}
		place->messages += !place->continued;
		place->continued = length == FULL_PART;
		place->rest = length;
	} else {
		place->rest -= count < place->rest ? count : place->rest;
	}
	place->left_out += count;
	walk->left = 0;
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
		struct mysqld_data *record;
		struct scratch *slot;

		if (!session)
			return 0;
		slot = scratch_take();
		if (slot) {
			record = (struct mysqld_data *)slot->bytes;
			__builtin_memset(record, 0, sizeof(*record));
			record_begin(&record->header);
			fill_tuple(&record->tuple);
			record->vio = vio;
			record->birth = session->birth;
			record_submit(slot, RECORD_END, sizeof(*record));
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
	struct walk_context context = {};
	struct message_walk *walk;
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
	walk = is_read ? &session->received : &session->sent;
	context.walk = walk;
	if (is_read) {
		walk_call(walk, call.buffer, count, session->received_bytes, RECORD_RECEIVED);
		session->received_bytes += count;
		if (session->sent.place.state == ANSWER_FILE)
			pass_file(session, call.buffer, count);
		else
			note_command(session, call.buffer, count);
	} else {
		walk_call(walk, call.buffer, count, session->sent_bytes, RECORD_SENT);
		session->sent_bytes += count;
	}
	ignored = bpf_map_lookup_elem(&mysqld_ignored, &key);
	if (ignored && *ignored == session->birth)
		return 0;
	walk->vio = call.vio;
	walk->birth = session->birth;
	context.slot = scratch_take_for(0); /* send_run counts what it sends */
	bpf_loop(STEPS, walk_step, &context, 0);
	if (context.slot)
		scratch_release(context.slot);
	if (walk->left || walk->run) {
		walk->place.state = ANSWER_OTHER;
		walk->place.rest = 0;
	}
	return 0;
}
