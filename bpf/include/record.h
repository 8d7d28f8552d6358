/* What every ring record begins with, and how a program writes one.
 *
 * Records are of variable length: a program fills a scratch slot and hands its true length to the ring. Uprobe programs can be
 * preempted, so a slot is taken by compare-and-swap, never by processor alone. Every record that is not kept is counted in
 * `losses`; the agent publishes the counts as Loss events.
 *
 * What was to become a record is counted in `hits` before anything can go wrong, so that at any moment at which no program runs
 * hits = records in the ring + losses: scratch_take counts what it takes a slot for, count_loss what never came so far.
 *
 * A module's .bpf.c defines RING_BYTES and SCRATCH_BYTES (room for the largest record) before it includes this file.
 */
#ifndef ECAPTURE_RECORD_H
#define ECAPTURE_RECORD_H

#include "current.h"
#include "kernel.h"

#ifndef RING_BYTES
#define RING_BYTES (4 * 1024 * 1024)
#endif
#ifndef SCRATCH_BYTES
#define SCRATCH_BYTES (20 * 1024)
#endif

/* Seen by user space as ECapture.Capture.Bpf.RecordHeader; checked against BTF at load. */
struct record_header {
	__u32 length;        /* of the whole record, this header included */
	__u16 type;          /* the module's own */
	__u16 flags;
	__u64 boot_ns;       /* CLOCK_BOOTTIME */
	__u64 process_start; /* CLOCK_BOOTTIME at the start of the thread group leader */
	__u32 pid;           /* thread group id */
	__u32 tid;
	__u32 uid;
	__u32 cpu;
	__u8 comm[16];       /* of the thread group leader */
};

/* A socket's addresses as its host sees them; IPv4 is ::ffff:a.b.c.d. Seen by user space as SocketTuple. */
struct socket_tuple {
	__u8 local[16];
	__u8 remote[16];
	__u16 local_port;  /* host order */
	__u16 remote_port; /* host order */
	__u8 family;       /* AF_INET, AF_INET6, AF_UNIX; 0: unknown */
	__u8 protocol;     /* IPPROTO_TCP, IPPROTO_UDP */
	__u16 reserved;
	__u32 netns;       /* inode of the network namespace */
	__u32 peer_pid;    /* of a UNIX socket: the other side's pid; else 0 */
};

/* Keeps the types in the object's BTF. */
const struct record_header *record_header_type __attribute__((unused));
const struct socket_tuple *socket_tuple_type __attribute__((unused));

/* Why a record was not kept: index into `losses`. */
enum loss_reason {
	LOSS_RING_FULL,
	LOSS_NO_SCRATCH,
	LOSS_MEMORY_FAULT,
	LOSS_MAP_FULL,
	LOSS_NOT_FOUND, /* what a record needs was not seen before it */
	LOSS_SHARE,     /* the ring is nearly full, and this source has had its share of the rest */
	LOSS_REASONS = 8,
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

/* What the probes were hit for: index into `hits`. */
enum hit {
	HIT_WANTED,   /* a record was to be sent */
	HIT_EXCLUDED, /* of a process that is left out: nothing was */
	HITS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HITS);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

#define SCRATCH_SLOTS 4 /* for each processor */

struct scratch {
	__u32 busy;
	__u32 reserved;
	__u8 bytes[SCRATCH_BYTES];
};

/* The loader sets max_entries to processors * SCRATCH_SLOTS. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_SLOTS);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_slots SEC(".maps");

/* What a source took of a ring that is nearly full. */
struct source_share {
	__u64 turn;
	__u64 bytes;
};

/* By source: a cgroup, or what the object takes for one. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct source_share);
} source_shares SEC(".maps");

static __always_inline void count_hits(__u32 kind, __u64 records)
{
	__u64 *count = bpf_map_lookup_elem(&hits, &kind);

	if (count)
		__sync_fetch_and_add(count, records); /* a uprobe's program may be preempted between reading and writing */
}

/* Records that were counted as hits and are not sent. */
static __always_inline void count_lost(__u32 reason, __u64 records)
{
	__u64 *count = bpf_map_lookup_elem(&losses, &reason);

	if (count)
		__sync_fetch_and_add(count, records);
}

/* Something that should have been recorded and was not, before it was counted as a hit; or a part of a record that is sent without it. */
static __always_inline void count_loss(__u32 reason)
{
	count_hits(HIT_WANTED, 1);
	count_lost(reason, 1);
}

/* A slot that nobody else uses, or NULL (counted), to send so many records from: each must be sent, or counted by count_lost. Give it back
 * with scratch_release.
 */
static __always_inline struct scratch *scratch_take_for(__u64 records)
{
	__u32 first = bpf_get_smp_processor_id() * SCRATCH_SLOTS;

	count_hits(HIT_WANTED, records);
#pragma unroll
	for (int i = 0; i < SCRATCH_SLOTS; i++) {
		__u32 index = first + i;
		struct scratch *slot = bpf_map_lookup_elem(&scratch_slots, &index);

		if (slot && __sync_val_compare_and_swap(&slot->busy, 0, 1) == 0)
			return slot;
	}
	count_lost(LOSS_NO_SCRATCH, records);
	return NULL;
}

/* For one record. */
static __always_inline struct scratch *scratch_take(void)
{
	return scratch_take_for(1);
}

static __always_inline void scratch_release(struct scratch *slot)
{
	__sync_lock_test_and_set(&slot->busy, 0);
}

/* Fills the header for the current process. length and type are set by record_submit. */
static __always_inline void record_begin(struct record_header *header)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();

	header->flags = 0;
	header->boot_ns = bpf_ktime_get_boot_ns();
	header->pid = pid_tgid >> 32;
	header->tid = (__u32)pid_tgid;
	header->uid = (__u32)bpf_get_current_uid_gid();
	header->cpu = bpf_get_smp_processor_id();
	read_current(&header->process_start, header->comm);
}

/* The last eighth of a ring is shared out: a source that floods it has a 64th of the ring there, until an eighth was read, so that it does not cost the others their records. */
static __always_inline bool has_room(__u64 source, __u32 length)
{
	__u64 size = bpf_ringbuf_query(&events, BPF_RB_RING_SIZE), part = size / 8;
	struct source_share fresh = {}, *share;

	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < size - part || !part)
		return true;
	fresh.turn = bpf_ringbuf_query(&events, BPF_RB_CONS_POS) / part;
	fresh.bytes = length;
	share = bpf_map_lookup_elem(&source_shares, &source);
	if (!share || share->turn != fresh.turn)
		return !bpf_map_update_elem(&source_shares, &source, &fresh, BPF_ANY);
	return __sync_fetch_and_add(&share->bytes, length) + length <= size / 64;
}

/* Gives a record that was counted as a hit to the ring, and counts what the ring refuses. */
static __always_inline void ring_send(void *record, __u32 length, __u64 source)
{
	if (!has_room(source, length))
		count_lost(LOSS_SHARE, 1);
	else if (bpf_ringbuf_output(&events, record, length, 0))
		count_lost(LOSS_RING_FULL, 1);
}

/* Sends the first `length` bytes of the slot; it starts with a record_header. */
static __always_inline void record_submit_of(__u64 source, struct scratch *slot, __u16 type, __u32 length)
{
	struct record_header *header = (struct record_header *)slot->bytes;

	if (length < sizeof(*header) || length > SCRATCH_BYTES) {
		count_lost(LOSS_NO_SCRATCH, 1);
		return;
	}
	header->length = length;
	header->type = type;
	ring_send(slot->bytes, length, source);
}

static __always_inline void record_submit(struct scratch *slot, __u16 type, __u32 length)
{
	record_submit_of(bpf_get_current_cgroup_id(), slot, type, length);
}

#endif
