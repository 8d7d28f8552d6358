/* What is remembered of a thread until it ends: a map by thread. Where the kernel's types are known it is the task's own storage, which goes with it;
 * else a hash map by thread id, and the object's program forget_thread takes an ended thread out.
 *
 *   DEFINE_THREAD_MAP(map, type);  thread_find(map), thread_make(map): the current thread's value, or NULL;  FORGET_THREAD_IN(thread_forget(map);)
 */
#ifndef ECAPTURE_THREAD_H
#define ECAPTURE_THREAD_H

#include "kernel.h"

#if KERNEL_BTF

#define DEFINE_THREAD_MAP(map, of) \
	struct { \
		__uint(type, BPF_MAP_TYPE_TASK_STORAGE); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, int); \
		__type(value, of); \
	} map SEC(".maps")

#define thread_find(map) bpf_task_storage_get(&map, bpf_get_current_task_btf(), NULL, 0)
#define thread_make(map) bpf_task_storage_get(&map, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE)
#define thread_forget(map)
#define FORGET_THREAD_IN(...)

#else

#define DEFINE_THREAD_MAP(map, of) \
	struct { \
		__uint(type, BPF_MAP_TYPE_HASH); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__uint(max_entries, 65536); \
		__type(key, __u32); \
		__type(value, of); \
	} map SEC(".maps"); \
	static const of map##_zero __attribute__((unused))

static __always_inline void *thread_value(void *map, const void *zero)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	void *value = bpf_map_lookup_elem(map, &tid);

	if (value || !zero)
		return value;
	bpf_map_update_elem(map, &tid, zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(map, &tid);
}

static __always_inline void thread_remove(void *map)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	bpf_map_delete_elem(map, &tid);
}

#define thread_find(map) thread_value(&map, NULL)
#define thread_make(map) thread_value(&map, &map##_zero)
#define thread_forget(map) thread_remove(&map)
#define FORGET_THREAD_IN(...) \
	THREAD_EXIT int forget_thread(void *ctx) \
	{ \
		__VA_ARGS__ \
		return 0; \
	}

#endif

#endif
