/* What the objects that capture TLS share: their records, their connections, and how plaintext is sent in chunks. Their records are the same in
 * user space too, where TlsEvents makes events of them.
 *
 * "ssl" is whatever names a connection inside its process: the address of the library's connection object.
 */
#ifndef ECAPTURE_TLS_H
#define ECAPTURE_TLS_H

#include "shared.h"

#define CHUNK_BYTES 16384
#define MOST_CHUNKS 1024  /* of one call; the rest is cut, and said so */
#define LABEL_BYTES 40
#define SECRET_BYTES 64
#define RANDOM_BYTES 32

/* The lower half of an attach cookie, which every record repeats: the modules share one ring. */
#define MODULE_OF(library) ((library) >> 16)     /* the agent's number of the module */
#define LIBRARY_OF(library) ((library) & 0xffff) /* the module's index of the library */

enum record_type {
	RECORD_DATA = 1,
	RECORD_SECRET = 2,
};

enum record_flags {
	FLAG_SOCKET_SURE = 1, /* the socket was used inside a call with this connection; else it is the thread's last one */
	FLAG_CUT = 2,         /* the call returned more than was taken; on its last chunk */
};

enum direction {
	RECEIVED,
	SENT,
};

/* Plaintext: this, then `length` bytes. */
struct tls_data {
	struct record_header header;
	struct socket_tuple socket;
	__u32 library;        /* of the module: MODULE_OF, LIBRARY_OF */
	__u64 ssl;
	__u64 born;   /* with process and ssl: the connection */
	__u64 offset; /* bytes of this direction before this chunk, since `born` */
	__u64 call;   /* bytes that the call returned */
	__u32 length;
	__u32 direction;
};

/* One call of the key-log function. */
struct tls_secret {
	struct record_header header;
	struct socket_tuple socket;
	__u32 library;
	__u64 ssl;
	__u64 born;
	__u64 label_distance; /* address of the label minus address of the function: names it where its page could not be read */
	__u32 length;
	__u32 label_length;   /* 0: could not be read */
	__u8 label[LABEL_BYTES];
	__u8 client_random[RANDOM_BYTES];
	__u8 secret[SECRET_BYTES];
};

const struct tls_data *tls_data_type __attribute__((unused));
const struct tls_secret *tls_secret_type __attribute__((unused));

struct connection_key {
	__u64 ssl;
	__u32 pid;
	__u32 reserved;
};

struct connection {
	struct socket_tuple socket;
	__u32 flags; /* of record_flags */
	__u64 sk;
	__u64 born;
	__u64 process_start;
	__u64 offsets[2];
	__u32 freed; /* SSL_free was called: the next use is another connection, unless the socket proves that it is the same */
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

static __always_inline bool same_socket(const struct connection *c, const struct thread_socket *s)
{
	return c->sk == s->sk && c->socket.local_port == s->tuple.local_port && c->socket.remote_port == s->tuple.remote_port;
}

static __always_inline struct connection *
connection_new(const struct connection_key *key, const struct thread_socket *socket, __u32 flags, __u64 process_start)
{
	struct connection fresh = {};

	if (socket) {
		fresh.socket = socket->tuple;
		fresh.sk = socket->sk;
		fresh.flags = flags;
	}
	fresh.born = bpf_ktime_get_boot_ns();
	fresh.process_start = process_start;
	if (bpf_map_update_elem(&connections, key, &fresh, BPF_ANY)) {
		count_loss(LOSS_MAP_FULL);
		return NULL;
	}
	return bpf_map_lookup_elem(&connections, key);
}

/* A record as it stands in its slot. */
struct chunk {
	struct tls_data record;
	__u8 bytes[CHUNK_BYTES];
};

/* Sends chunk `index` of a call's bytes. A function of its own, so that the verifier walks it once and not once for each chunk.
 * Returns 0 when there is another chunk.
 */
__noinline int send_chunk(struct chunk *chunk, __u64 from, __u64 offset, __u64 length, __u32 index)
{
	__u64 done = (__u64)index * CHUNK_BYTES, take;
	struct tls_data *record;

	if (!chunk || done >= length)
		return 1;
	take = length - done;
	if (take > CHUNK_BYTES)
		take = CHUNK_BYTES;
	record = &chunk->record;
	if (index == MOST_CHUNKS - 1 && length - done > CHUNK_BYTES)
		record->header.flags |= FLAG_CUT;
	record->header.type = RECORD_DATA;
	record->header.length = sizeof(*record) + take;
	record->offset = offset + done;
	record->length = take;
	if (bpf_probe_read_user(chunk->bytes, take, (void *)(from + done)))
		count_lost(LOSS_MEMORY_FAULT, 1);
	else
		ring_send(chunk, sizeof(*record) + take, bpf_get_current_cgroup_id());
	return done + take >= length;
}

/* Sends plaintext of a connection and counts its bytes. */
static __always_inline void
send_data(struct connection *connection, __u64 ssl, __u32 library, __u64 buffer, __u64 length, __u32 direction)
{
	struct tls_data *record;
	__u64 chunks = (length + CHUNK_BYTES - 1) / CHUNK_BYTES;
	struct scratch *slot;
	__u64 offset;

	direction &= 1;
	offset = connection->offsets[direction];
	connection->offsets[direction] = offset + length;
	slot = scratch_take_for(chunks < MOST_CHUNKS ? chunks : MOST_CHUNKS);
	if (!slot)
		return;
	record = (struct tls_data *)slot->bytes;
	record_begin(&record->header);
	record->header.flags = connection->flags;
	record->socket = connection->socket;
	record->library = library;
	record->ssl = ssl;
	record->born = connection->born;
	record->call = length;
	record->direction = direction;
	for (__u32 i = 0; i < MOST_CHUNKS; i++) {
		if (send_chunk((struct chunk *)slot->bytes, buffer, offset, length, i))
			break;
	}
	scratch_release(slot);
}

#endif
