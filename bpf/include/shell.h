/* Lines that people type into a shell, and how they ended: what the objects of the shells share.
 *
 * A shell's .bpf.c defines SHELL_RECORDS, the number of its first record type, and includes this file; it says where a line comes from and when
 * the shell asks for one. The objects write to the ring of process.bpf.c, so that a line comes before what it starts.
 */
#ifndef ECAPTURE_SHELL_H
#define ECAPTURE_SHELL_H

#define RING_BYTES (4 * 1024 * 1024) /* as process.bpf.c */
#define SCRATCH_BYTES (24 * 1024)
#include "process.h"

#define CHUNK_BYTES (16 * 1024)
#define CHUNKS 256 /* of one line; the rest is cut */

/* Not the numbers of process.bpf.c, nor those of another shell. */
enum record_type {
	RECORD_LINE = SHELL_RECORDS,
	RECORD_MORE,
	RECORD_PROMPT,
};

#define FLAG_MORE 1 /* RECORD_MORE follows */
#define FLAG_CUT 2  /* the line is longer */
#define FLAG_CONTINUATION 1 /* of RECORD_PROMPT */
#define FLAG_STATUS 2       /* of RECORD_PROMPT: status is known */

/* A line. After it: the working directory (leaf first), the text. */
struct shell_line {
	struct record_header header;
	struct process_facts facts;
	__u32 directory_length;
	__u32 text_length;
};

/* Another chunk of the line that this thread sent last. After it: the text. */
struct shell_more {
	struct record_header header;
	__u32 offset;
	__u32 text_length;
};

/* The shell asks for a line. */
struct shell_prompt {
	struct record_header header;
	__s32 status; /* $? */
	__s32 signal; /* of the command that gave it; 0: none, or the shell does not tell */
};

const struct shell_line *shell_line_type __attribute__((unused));
const struct shell_more *shell_more_type __attribute__((unused));
const struct shell_prompt *shell_prompt_type __attribute__((unused));

/* The shells that now read something else than a command, by thread group id. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} other_input SEC(".maps");

static __always_inline void reads_other_input(bool other)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u8 yes = 1;

	if (other)
		bpf_map_update_elem(&other_input, &tgid, &yes, BPF_ANY);
	else
		bpf_map_delete_elem(&other_input, &tgid);
}

/* Sends that the shell asks for a line. status, signal: addresses of int; 0: there is none. */
static __always_inline void send_prompt(bool continuation, __u64 status, __u64 signal)
{
	struct scratch *slot = scratch_take();
	struct shell_prompt *record;

	if (!slot)
		return;
	record = (struct shell_prompt *)slot->bytes;
	record_begin(&record->header);
	record->status = 0;
	record->signal = 0;
	if (continuation)
		record->header.flags |= FLAG_CONTINUATION;
	if (status && !bpf_probe_read_user(&record->status, sizeof(record->status), (void *)status))
		record->header.flags |= FLAG_STATUS;
	if (signal)
		bpf_probe_read_user(&record->signal, sizeof(record->signal), (void *)signal);
	record_submit(slot, RECORD_PROMPT, sizeof(*record));
	scratch_release(slot);
}

/* Reads a chunk of the line; returns its length and sets FLAG_MORE when there may be more. */
static __always_inline __u32 read_chunk(struct record_header *header, __u8 *into, __u64 from)
{
	long length = bpf_probe_read_user_str(into, CHUNK_BYTES + 1, (void *)from);

	header->flags &= ~FLAG_MORE;
	if (length <= 0) {
		count_loss(LOSS_MEMORY_FAULT);
		header->flags |= FLAG_CUT;
		return 0;
	}
	if (length == CHUNK_BYTES + 1)
		header->flags |= FLAG_MORE;
	return (__u32)(length - 1) & 0x7fff;
}

struct line_walk {
	struct scratch *slot;
	__u64 from;
	__u32 offset;
	__u32 reserved;
};

static long send_more(__u32 step, struct line_walk *walk)
{
	struct shell_more *record = (struct shell_more *)walk->slot->bytes;
	__u32 length;

	count_hits(HIT_WANTED, 1);
	length = read_chunk(&record->header, walk->slot->bytes + sizeof(*record), walk->from + walk->offset);
	record->offset = walk->offset;
	record->text_length = length;
	if (step == CHUNKS - 1 && record->header.flags & FLAG_MORE) {
		record->header.flags &= ~FLAG_MORE;
		record->header.flags |= FLAG_CUT;
	}
	record_submit(walk->slot, RECORD_MORE, sizeof(*record) + length);
	walk->offset += length;
	return !(record->header.flags & FLAG_MORE);
}

/* Sends the NUL-terminated line at an address of the shell, unless it is no command. */
static __always_inline int send_line(__u64 from)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct line_walk walk = { .from = from };
	struct shell_line *record;
	__u32 directory, length;

	if (!from || bpf_map_lookup_elem(&other_input, &tgid))
		return 0;
	walk.slot = scratch_take();
	if (!walk.slot)
		return 0;
	record = (struct shell_line *)walk.slot->bytes;
	record_begin(&record->header);
	read_current_facts(&record->header, &record->facts);
	directory = read_directory((struct path_buffer *)(walk.slot->bytes + sizeof(*record)));
	record->directory_length = directory;
	directory &= 0x1fff;
	if (directory > PATH_BYTES)
		directory = PATH_BYTES;
	length = read_chunk(&record->header, walk.slot->bytes + sizeof(*record) + directory, walk.from);
	record->text_length = length;
	record_submit(walk.slot, RECORD_LINE, sizeof(*record) + directory + length);
	if (record->header.flags & FLAG_MORE) {
		walk.offset = length;
		bpf_loop(CHUNKS, send_more, &walk, 0);
	}
	scratch_release(walk.slot);
	return 0;
}

#endif
