/* What an object may ask of the kernel. Three sets of objects are built of the same sources (docs/architecture.md, "Kernels without types"):
 *
 *   KERNEL_BTF KERNEL_TYPES
 *       1           1       the kernel holds its own types: typed tracepoints, storage of tasks and sockets, direct reads
 *       0           1       they are in a file: raw tracepoints and hash maps; reads are relocated by the file
 *       0           0       nobody knows them: tracepoints with documented formats; nothing is relocated
 *
 * Without types vmlinux.h is not there: what touches a struct of the kernel does not compile.
 */
#ifndef ECAPTURE_KERNEL_H
#define ECAPTURE_KERNEL_H

#ifndef KERNEL_BTF
#define KERNEL_BTF 1
#endif
#ifndef KERNEL_TYPES
#define KERNEL_TYPES 1
#endif

#if KERNEL_TYPES
#include "vmlinux.h"
#else
#include <asm/ptrace.h>
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#endif

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#if KERNEL_TYPES
#include <bpf/bpf_core_read.h>
#endif

/* A tracepoint whose arguments are pointers into the kernel. */
#if KERNEL_BTF
#define TRACE(name) SEC("tp_btf/" name)
#elif KERNEL_TYPES
#define TRACE(name) SEC("raw_tp/" name)
#endif

/* Runs in every thread that ends, as its last act. */
#if KERNEL_TYPES
#define THREAD_EXIT TRACE("sched_process_exit")
#else
#define THREAD_EXIT SEC("tracepoint/sched/sched_process_exit")
#endif

/* A member of what a typed tracepoint was handed, or a member of that. */
#if KERNEL_BTF
#define READ(pointer, member) ((pointer)->member)
#elif KERNEL_TYPES
#define READ(pointer, member) BPF_CORE_READ(pointer, member)
#endif

#if KERNEL_BTF
static __always_inline struct task_struct *current_task(void)
{
	return bpf_get_current_task_btf();
}
#elif KERNEL_TYPES
static __always_inline struct task_struct *current_task(void)
{
	return (struct task_struct *)bpf_get_current_task();
}
#endif

#endif
