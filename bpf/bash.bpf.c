/* Lines that people type into bash, and how they ended.
 *
 * A line is what readline_internal_teardown returns: unlike readline itself it is entered after the line was typed, so that a shell which
 * waits at its prompt when the agent starts is seen with its first line (older builds hide the function; then it is readline).
 * A line ends when its shell enters readline for the next command: `last_command_exit_value` is its $? then, because bash restores it
 * after PROMPT_COMMAND and after the commands in a prompt. At a continuation prompt (PS2) nothing ended yet, and `read -e` is no command
 * line: the prompt that readline is given is not the parser's.
 */
#define SHELL_RECORDS 16
#include "shell.h"

char LICENSE[] SEC("license") = "GPL";

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
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	struct bash_program *program = bpf_map_lookup_elem(&bash_programs, &index);
	__u64 readline = PT_REGS_IP(ctx);
	bool continuation;

	if (!program)
		return 0;
	if (program->prompt && read_pointer(readline + program->prompt) != PT_REGS_PARM1(ctx)) {
		reads_other_input(true);
		return 0;
	}
	reads_other_input(false);
	continuation = program->prompt_text && program->ps2 && read_pointer(readline + program->prompt_text) == read_pointer(readline + program->ps2);
	send_prompt(continuation, program->exit_value ? readline + program->exit_value : 0, program->exit_signal ? readline + program->exit_signal : 0);
	return 0;
}

SEC("uretprobe")
int on_line(struct pt_regs *ctx)
{
	return send_line(PT_REGS_RC(ctx));
}
