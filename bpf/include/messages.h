/* The bytes of a call, without the messages that nobody reads: what the objects of the databases share.
 *
 * A result is mostly rows, and of rows only their number matters. So each direction of a session is walked from message to message, and
 * what is not read is passed over in the kernel: the next record says how many bytes, and how many messages, were left out before it.
 * Nothing is passed over while the place in the stream is not certain. The offsets number all bytes, so a lost record shows as before.
 *
 * A step of the walk is a step of bpf_loop: it sends a part of what has gathered, or goes on to the end of a message.
 */
#ifndef ECAPTURE_MESSAGES_H
#define ECAPTURE_MESSAGES_H

#include "record.h"

#define CHUNK_BYTES (16 * 1024)
#define STEPS (128 * 1024) /* of one call: what follows is missing, and seen to be by the offsets */
#define MESSAGE_BEGINS 1   /* flag of a record: its first byte begins a message for certain */

/* Where a direction stands. */
struct message_place {
	__u64 rest;     /* bytes to come of the message that has begun, when its header was read */
	__u64 left_out; /* bytes passed over since the last record */
	__u64 messages; /* that these are */
	__u32 length;   /* as far as the header was read */
	__u32 columns;  /* the protocol's own */
	__u8 state;     /* the protocol's own */
	__u8 header;    /* bytes of it that were read; 0: between two messages */
	__u8 type;
	__u8 drops;     /* the message is passed over */
	__u8 continued; /* the next header goes on with the same message */
	__u8 reserved[7];
};

/* A direction of a session: where it stands, and the call that is being walked. It is kept in a map: of what stands there the verifier assumes
 * nothing, so that all steps of a walk look the same to it.
 */
struct message_walk {
	__u64 from;           /* address of what is still to be walked */
	__u64 left;
	__u64 offset;         /* in the stream */
	__u64 run;            /* bytes before `from` that are to be sent */
	__u64 vio;            /* what the protocol puts into its records */
	__u64 birth;
	__u32 type;           /* of the records */
	__u8 begins;          /* the run's first byte begins a message */
	__u8 sends;
	__u8 keeps;           /* nothing is passed over */
	__u8 reserved;
	struct message_place place;
};

struct walk_context {
	struct message_walk *walk;
	struct scratch *slot; /* NULL: there was none */
};

/* Begins with the bytes of a call. */
static __always_inline void walk_call(struct message_walk *walk, __u64 from, __u64 count, __u64 offset, __u32 type)
{
	walk->from = from;
	walk->left = count;
	walk->offset = offset;
	walk->type = type;
	walk->run = 0;
	walk->begins = 0;
	walk->sends = 0;
	walk->keeps = 0;
}

/* Goes on by some bytes of a message. */
static __always_inline void walk_on(struct message_walk *walk, __u64 bytes)
{
	if (bytes > walk->left)
		bytes = walk->left;
	if (walk->place.drops)
		walk->place.left_out += bytes;
	else
		walk->run += bytes;
	walk->from += bytes;
	walk->offset += bytes;
	walk->left -= bytes;
}

/* A message begins here. False: what has gathered must be sent first; come again. */
static __always_inline bool walk_begin(struct message_walk *walk, bool drops)
{
	if (drops && walk->run) {
		walk->sends = 1;
		return false;
	}
	walk->place.drops = drops;
	if (drops)
		walk->place.messages++;
	else if (!walk->run)
		walk->begins = 1;
	return true;
}

/* The rest of what has begun. */
static __always_inline void walk_rest(struct message_walk *walk)
{
	__u64 here = walk->place.rest < walk->left ? walk->place.rest : walk->left;

	walk->place.rest -= here;
	walk_on(walk, here);
}

/* True: the step is done, `result` is what it returns. Else there are bytes to walk. */
#define WALK_SENT(walk, slot, result) \
	({ \
		bool done = true; \
		result = 0; \
		if ((walk)->sends) { \
			send_run(walk, slot); \
			if (!(walk)->run) \
				(walk)->sends = 0; \
		} else if (!(walk)->left) { \
			if ((walk)->run) \
				(walk)->sends = 1; \
			else \
				result = 1; \
		} else { \
			done = false; \
		} \
		done; \
	})

/* The record is a `fixed` with `offset`, `left_out`, `messages` and `data_length`; `fill` fills the rest of it. Defines send_run, which sends a part
 * of what has gathered.
 */
#define DEFINE_SEND_RUN(fixed, fill) \
	static __always_inline void send_run(struct message_walk *walk, struct scratch *slot) \
	{ \
		__u64 run = walk->run; \
		__u32 length = run > CHUNK_BYTES ? CHUNK_BYTES : (__u32)run; \
		fixed *record; \
\
		walk->run = run - length; \
		count_hits(HIT_WANTED, 1); \
		if (!slot) { \
			count_lost(LOSS_NO_SCRATCH, 1); \
			return; \
		} \
		record = (fixed *)slot->bytes; \
		record_begin(&record->header); \
		if (walk->begins) \
			record->header.flags = MESSAGE_BEGINS; \
		walk->begins = 0; \
		record->offset = walk->offset - run; \
		record->left_out = walk->place.left_out; \
		record->messages = walk->place.messages; \
		walk->place.left_out = 0; \
		walk->place.messages = 0; \
		record->data_length = length; \
		fill(record, walk); \
		length &= 0x7fff; \
		if (length > CHUNK_BYTES) \
			return; \
		if (bpf_probe_read_user(slot->bytes + sizeof(*record), length, (void *)(walk->from - run))) \
			count_lost(LOSS_MEMORY_FAULT, 1); \
		else \
			record_submit(slot, walk->type, sizeof(*record) + length); \
	}

/* Puts the tuple of the socket that the thread used last into a record. */
static __always_inline void fill_tuple(struct socket_tuple *tuple)
{
	struct thread_socket *socket = last_socket();

	if (socket)
		*tuple = socket->tuple;
	else
		__builtin_memset(tuple, 0, sizeof(*tuple));
}

#endif
