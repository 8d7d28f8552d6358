/* Lines that people type into zsh, and how they ended.
 *
 * zsh asks its line editor for a line by zleentry(ZLE_CMD_READ, prompts, flags, context). The probes stand in zsh's own code, at that call and
 * at the instruction behind it, where the line is in the register of return values: a shell that waits at its prompt when the agent starts
 * passes the second one with its first line, which a return probe of zleentry would miss. zleentry serves much else; those calls cost nothing.
 * A line ends at the call for the next command: `lastval` is its $? then, because zsh restores it after its hooks and the commands in a prompt.
 */
#define SHELL_RECORDS 32
#include "shell.h"

char LICENSE[] SEC("license") = "GPL";

/* What the editor reads: its fifth argument. */
enum zle_context {
	CONTEXT_START,        /* a command */
	CONTEXT_CONTINUATION, /* more of it, at PS2 */
	CONTEXT_SELECT,       /* an answer to `select` */
};

/* A call of zleentry in a zsh program. */
struct zsh_call {
	__s64 exit_value; /* where lastval is, counted from the call; 0: not known */
};

const struct zsh_call *zsh_call_type __attribute__((unused));

/* By the attach cookie of the probe at the call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct zsh_call);
} zsh_calls SEC(".maps");

SEC("uprobe")
int on_prompt(struct pt_regs *ctx)
{
	__u32 index = (__u32)bpf_get_attach_cookie(ctx);
	struct zsh_call *call = bpf_map_lookup_elem(&zsh_calls, &index);
	__u32 context = (__u32)PT_REGS_PARM5(ctx);

	if (!call)
		return 0;
	reads_other_input(context >= CONTEXT_SELECT);
	if (context < CONTEXT_SELECT)
		send_prompt(context == CONTEXT_CONTINUATION, call->exit_value ? PT_REGS_IP(ctx) + call->exit_value : 0, 0);
	return 0;
}

SEC("uprobe")
int on_line(struct pt_regs *ctx)
{
	return send_line(PT_REGS_RC(ctx));
}
