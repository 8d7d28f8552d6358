/* Bytes of a call, sent in chunks: what the objects of the databases share.
 *
 * A record's fixed part stands in the scratch slot already; each chunk has its own offset and length in it, and its bytes behind it.
 */
#ifndef ECAPTURE_CHUNKS_H
#define ECAPTURE_CHUNKS_H

#include "record.h"

#define CHUNK_BYTES (16 * 1024)
#define CHUNKS 4096 /* of one call: 64 MB; what follows is missing, and seen to be by the offsets */

struct chunk_walk {
	struct scratch *slot;
	__u64 from;   /* address */
	__u64 left;
	__u64 offset; /* in the stream */
	__u32 type;
	__u32 reserved;
};

/* Records that so many bytes take. */
static __always_inline __u64 chunks_of(__u64 length)
{
	__u64 chunks = (length + CHUNK_BYTES - 1) / CHUNK_BYTES;

	return chunks < CHUNKS ? chunks : CHUNKS;
}

/* The record's fixed part is a `fixed` with `offset` and `data_length`. Defines send_chunk, a step of bpf_loop. */
#define DEFINE_SEND_CHUNK(fixed) \
	static long send_chunk(__u32 step, struct chunk_walk *walk) \
	{ \
		fixed *record = (fixed *)walk->slot->bytes; \
		__u64 left = walk->left; \
		__u32 length; \
\
		if (left == 0) \
			return 1; \
		length = left > CHUNK_BYTES ? CHUNK_BYTES : (__u32)left; \
		record->offset = walk->offset; \
		record->data_length = length; \
		length &= 0x7fff; \
		if (length > CHUNK_BYTES) \
			return 1; \
		if (bpf_probe_read_user(walk->slot->bytes + sizeof(*record), length, (void *)walk->from)) \
			count_lost(LOSS_MEMORY_FAULT, 1); \
		else \
			record_submit(walk->slot, walk->type, sizeof(*record) + length); \
		walk->from += length; \
		walk->offset += length; \
		walk->left -= length; \
		return 0; \
	}

#endif
