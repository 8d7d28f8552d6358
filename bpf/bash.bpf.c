/* Lines that people type into bash, and how they ended.
 *
 * A line is what readline_internal_teardown returns: unlike readline itself it is entered after the line was typed, so that a shell which
 * waits at its prompt when the agent starts is seen with its first line (older builds hide the function; then it is readline).
 * A line ends when its shell enters readline for the next command: `last_command_exit_value` is its $? then, because bash restores it
 * after PROMPT_COMMAND and after the commands in a prompt. At a continuation prompt (PS2) nothing ended yet, and `read -e` is no command
 * line: the prompt that readline is given is not the parser's.
 */
#define RING_BYTES (8 * 1024 * 1024) /* as process.bpf.c: the agent lets both share one ring, so that a line comes before what it starts */
#define SCRATCH_BYTES (24 * 1024)
#include "process.h"

char LICENSE[] SEC("license") = "GPL";

#define CHUNK_BYTES (16 * 1024)
#define CHUNKS 256 /* of one line; the rest is cut */

/* Not the numbers of process.bpf.c. */
enum record_type {
	RECORD_LINE = 16,
	RECORD_MORE = 17,
	RECORD_PROMPT = 18,
};

#define FLAG_MORE 1 /* RECORD_MORE follows */
#define FLAG_CUT 2  /* the line is longer */
#define FLAG_CONTINUATION 1 /* of RECORD_PROMPT */
#define FLAG_STATUS 2       /* of RECORD_PROMPT: status is known */

/* A line. After it: the working directory (leaf first), the text. */
struct bash_line {
	struct record_header header;
	struct process_facts facts;
	__u32 directory_length;
	__u32 text_length;
};

/* Another chunk of the line that this thread sent last. After it: the text. */
struct bash_more {
	struct record_header header;
	__u32 offset;
	__u32 text_length;
};

/* The shell asks for a line. */
struct bash_prompt {
	struct record_header header;
	__s32 status; /* $? */
	__s32 signal; /* of the command that gave it; 0: none */
};

const struct bash_line *bash_line_type __attribute__((unused));
const struct bash_more *bash_more_type __attribute__((unused));
const struct bash_prompt *bash_prompt_type __attribute__((unused));

/* Where variables of a bash program are, counted from its function readline; 0: it has none. */
struct bash_program {
	__s64 exit_value;     /* int last_command_exit_value */
	__s64 exit_signal;    /* int last_command_exit_signal */
	__s64 prompt;         /* char *current_readline_prompt: the parser's */
	__s64 prompt_text;    /* char *current_prompt_string: the variable's value, undecoded */
	__s64 ps2;            /* char *ps2_prompt */
};

const struct bash_program *bash_program_type __attribute__((unused));

/* By the attach cookie of the probe at readline's entry. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct bash_program);
} bash_programs SEC(".maps");

/* The shells that now read something else than a command, by thread group id. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u8);
} other_input SEC(".maps");

static __always_inline __u64 read_pointer(__u64 from)
{
	__u64 value = 0;

	if (bpf_probe_read_user(&value, sizeof(value), (void *)from))
		count_loss(LOSS_MEMORY_FAULT);
	return value;
}

SEC("uprobe")
int on_prompt(struct pt_regs *ctx)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	struct bash_program *program = bpf_map_lookup_elem(&bash_programs, &index);
	__u64 readline = PT_REGS_IP(ctx);
	struct bash_prompt *record;
	struct scratch *slot;

	if (!program)
		return 0;
	if (program->prompt && read_pointer(readline + program->prompt) != PT_REGS_PARM1(ctx)) {
		__u8 yes = 1;

		bpf_map_update_elem(&other_input, &tgid, &yes, BPF_ANY);
		return 0;
	}
	bpf_map_delete_elem(&other_input, &tgid);
	slot = scratch_take();
	if (!slot)
		return 0;
	record = (struct bash_prompt *)slot->bytes;
	record_begin(&record->header);
	record->status = 0;
	record->signal = 0;
	if (program->prompt_text && program->ps2 && read_pointer(readline + program->prompt_text) == read_pointer(readline + program->ps2))
		record->header.flags |= FLAG_CONTINUATION;
	if (program->exit_value && !bpf_probe_read_user(&record->status, sizeof(record->status), (void *)(readline + program->exit_value)))
		record->header.flags |= FLAG_STATUS;
	if (program->exit_signal)
		bpf_probe_read_user(&record->signal, sizeof(record->signal), (void *)(readline + program->exit_signal));
	record_submit(slot, RECORD_PROMPT, sizeof(*record));
	scratch_release(slot);
	return 0;
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
	struct bash_more *record = (struct bash_more *)walk->slot->bytes;
	__u32 length = read_chunk(&record->header, walk->slot->bytes + sizeof(*record), walk->from + walk->offset);

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

SEC("uretprobe")
int on_line(struct pt_regs *ctx)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fs_struct *fs = BPF_CORE_READ(task, fs);
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct line_walk walk = {};
	struct bash_line *record;
	__u32 directory, length;

	walk.from = PT_REGS_RC(ctx);
	if (!walk.from || bpf_map_lookup_elem(&other_input, &tgid))
		return 0;
	walk.slot = scratch_take();
	if (!walk.slot)
		return 0;
	record = (struct bash_line *)walk.slot->bytes;
	record_begin(&record->header);
	read_process_facts(task, &record->facts);
	directory = read_path((__u64)BPF_CORE_READ(fs, pwd.dentry), (__u64)BPF_CORE_READ(fs, pwd.mnt), (__u64)fs,
			      (struct path_buffer *)(walk.slot->bytes + sizeof(*record)));
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
