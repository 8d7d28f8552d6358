/* TLS plaintext and secrets of OpenSSL's API (libssl and what exports the same functions), of GnuTLS's and of NSS's. The module of each library
 * loads this object for itself. What is said of an SSL object holds for a GnuTLS session and an NSS socket.
 *
 * Plaintext is what a call returned as read or written, taken at its return: a call that asks to be repeated (WANT_WRITE) yields
 * nothing, and its repetition yields the bytes once. Secrets are taken at the entry of the library's key-log function, which GnuTLS
 * does not call for a resumed session of TLS 1.2: its master secret is read where a handshake ends.
 *
 * A call is known by the stack pointer of its frame, so that calls inside calls, coroutines and a probe that is attached
 * twice to one file are told apart, and a return that never comes leaves nothing that could hurt.
 */
#define RING_BYTES (32 * 1024 * 1024)
#define SCRATCH_BYTES (17 * 1024)

#include "tls.h"
#include "nss.h"

char LICENSE[] SEC("license") = "GPL";

#define MOST_CALLS 4      /* that one thread is in at the same time */
#define WRAPPER_FRAME 512 /* most bytes of stack between a function and the one of the same family that it calls */
#define MOST_LIBRARIES 4096
/* Beside enum direction. */
#define HANDSHAKE 2   /* moves no plaintext */
#define HMAC 3        /* nor does this */
#define SENT_VECTOR 4 /* plaintext of several buffers */

/* Upper half of the attach cookie; the lower half is module and library. */
enum function {
	SSL_READ = 1,     /* int SSL_read(SSL *ssl, void *buf, int num) */
	SSL_WRITE,        /* int SSL_write(SSL *ssl, const void *buf, int num) */
	SSL_READ_EX,      /* int SSL_read_ex(SSL *ssl, void *buf, size_t num, size_t *readbytes) */
	SSL_WRITE_EX,     /* int SSL_write_ex(SSL *ssl, const void *buf, size_t num, size_t *written) */
	SSL_WRITE_EX2,    /* int SSL_write_ex2(SSL *ssl, const void *buf, size_t num, uint64_t flags, size_t *written), OpenSSL 3.3 */
	SSL_FREE,         /* void SSL_free(SSL *ssl), void gnutls_deinit(gnutls_session_t session) */
	SSL_LOG_SECRET,   /* int ssl_log_secret(conn, const char *label, const uint8_t *secret, size_t length), not exported */
	GNUTLS_RECEIVE,   /* ssize_t gnutls_record_recv(gnutls_session_t session, void *data, size_t data_size) */
	GNUTLS_SEND,      /* ssize_t gnutls_record_send(gnutls_session_t session, const void *data, size_t data_size) */
	GNUTLS_HANDSHAKE, /* int gnutls_handshake(gnutls_session_t session) */
	NSS_READ,         /* PRInt32 PR_Read(PRFileDesc *fd, void *buf, PRInt32 amount), PR_Recv(…, PRIntn flags, PRIntervalTime timeout) */
	NSS_RECEIVE,
	NSS_WRITE,        /* PRInt32 PR_Write(PRFileDesc *fd, const void *buf, PRInt32 amount), PR_Send likewise */
	NSS_WRITE_VECTOR, /* PRInt32 PR_Writev(PRFileDesc *fd, const PRIOVec *vectors, PRInt32 count, PRIntervalTime timeout) */
	NSS_CLOSE,        /* PRStatus PR_Close(PRFileDesc *fd) */
	NSS_LOG_SECRET,   /* void ssl3_RecordKeyLog(sslSocket *ss, const char *label, PK11SymKey *secret), not exported */
	NSS_HMAC,         /* HMAC_Finish, TLS_PRF, TLS_P_hash of the token: see nss.h */
	NSS_PRF,
	NSS_P_HASH,
};

/* Where a library keeps the client random: *(conn + pointer) + offset, or conn + offset when pointer is negative. */
struct library {
	__s32 pointer;
	__s32 offset;
	__s32 master_secret; /* where in conn the master secret of TLS 1.2 is; negative: not known */
	__u32 reserved;
};

/* By index (LIBRARY_OF); written before the library's probes are attached. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MOST_LIBRARIES);
	__type(key, __u32);
	__type(value, struct library);
} libraries SEC(".maps");

struct call {
	__u64 stack; /* stack pointer at the entry; 0: free */
	__u64 ssl;
	__u64 buffer;
	__u64 length_at; /* where an _ex function puts the length; 0: it is the return value */
	__u64 boot_ns;
	__u32 direction;
	__u32 is_wide; /* the return value is a ssize_t, not an int */
};

struct thread_calls {
	struct call calls[MOST_CALLS];
};

/* The calls that a thread is in. */
DEFINE_THREAD_MAP(thread_calls, struct thread_calls);

FORGET_THREAD_IN(thread_forget(thread_calls); thread_forget(nss_hmac);)

/* The connection of an SSL object. since: when the library was called; a socket that the thread used after that is the connection's. */
static __always_inline struct connection *connection_of(__u64 ssl, __u64 since, bool handshake)
{
	__u64 process_start = current_start();
	struct connection_key key = { .ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct connection *known = bpf_map_lookup_elem(&connections, &key);
	struct thread_socket *socket = last_socket();
	bool used, same;

	if (socket && !socket->tuple.family)
		socket = NULL;
	used = socket && !handshake && socket->boot_ns >= since;
	if (!known || known->process_start != process_start)
		return connection_new(&key, socket, used ? FLAG_SOCKET_SURE : 0, process_start);

	same = socket && same_socket(known, socket);
	if (known->freed && (handshake || !used || !same))
		return connection_new(&key, socket, used ? FLAG_SOCKET_SURE : 0, process_start);
	if ((known->flags & FLAG_SOCKET_SURE) && !same && (used || (handshake && socket)))
		return connection_new(&key, socket, used ? FLAG_SOCKET_SURE : 0, process_start);

	known->freed = 0;
	if (socket && !used && !handshake && !known->socket.family) {
		/* Older than the agent, through a memory BIO: when it was first seen, its thread had used no socket yet. */
		known->socket = socket->tuple;
		known->sk = socket->sk;
	}
	if ((used || (handshake && socket)) && !(known->flags & FLAG_SOCKET_SURE)) {
		/* A handshake's: the first secrets of early data come before anything was sent, so what the thread used until then was another's. */
		known->socket = socket->tuple;
		known->sk = socket->sk;
		if (used)
			known->flags |= FLAG_SOCKET_SURE;
	}
	return known;
}

static __always_inline int enter(struct pt_regs *ctx, __u64 ssl, __u32 direction, __u64 length_at, bool is_wide)
{
	__u64 stack = PT_REGS_SP(ctx);
	__u64 buffer = direction == HANDSHAKE ? 0 : PT_REGS_PARM2(ctx);
	struct thread_calls *thread;
	struct call *free = NULL;

	thread = thread_make(thread_calls);
	if (!thread) {
		count_loss(LOSS_MAP_FULL);
		return 0;
	}
#pragma unroll
	for (int i = 0; i < MOST_CALLS; i++) {
		struct call *c = &thread->calls[i];

		/* Called by the other function of its family, which will report the bytes. */
		if (c->ssl == ssl && c->buffer == buffer && c->direction == direction && c->stack > stack &&
		    c->stack - stack <= WRAPPER_FRAME)
			return 0;
		/* A frame at or below this one cannot be alive on the same stack: its return never came. */
		if (c->stack <= stack && stack - c->stack <= WRAPPER_FRAME)
			c->stack = 0;
		if (!c->stack)
			free = c;
	}
	if (!free) {
		count_loss(LOSS_MAP_FULL);
		return 0;
	}
	free->stack = stack;
	free->ssl = ssl;
	free->buffer = buffer;
	free->length_at = length_at;
	free->direction = direction;
	free->is_wide = is_wide;
	free->boot_ns = bpf_ktime_get_boot_ns();
	return 0;
}

/* Sends a secret. label: its address; 0: CLIENT_RANDOM. secret: its address; 0: it is the one that NSS's token gave. */
static __always_inline void send_secret(__u32 module_library, __u64 ssl, __u64 label, __u64 label_distance, __u64 secret, __u64 length)
{
	const char client_random[] = "CLIENT_RANDOM";
	struct connection *connection;
	struct nss_secret token = {};
	struct tls_secret *record;
	struct library *library;
	struct scratch *slot;
	__u32 index = LIBRARY_OF(module_library);
	__u64 random = ssl;
	long read;

	library = bpf_map_lookup_elem(&libraries, &index);
	if (!library)
		return;
	if (library->pointer >= 0 && bpf_probe_read_user(&random, sizeof(random), (void *)(ssl + library->pointer))) {
		count_loss(LOSS_MEMORY_FAULT);
		return;
	}
	random += library->offset;
	if (!secret) {
		if (!nss_take_secret(random, &token))
			return;
		length = token.length;
	}
	if (length != 32 && length != 48 && length != 64)
		return;

	connection = connection_of(ssl, 0, true);
	if (!connection)
		return;
	slot = scratch_take();
	if (!slot)
		return;
	record = (struct tls_secret *)slot->bytes;
	__builtin_memset(record->label, 0, sizeof(record->label));
	__builtin_memset(record->secret, 0, sizeof(record->secret));
	if (bpf_probe_read_user(record->client_random, RANDOM_BYTES, (void *)random) ||
	    (secret && bpf_probe_read_user(record->secret, length, (void *)secret))) {
		count_lost(LOSS_MEMORY_FAULT, 1);
		goto out;
	}
	if (!secret)
		__builtin_memcpy(record->secret, token.bytes, sizeof(record->secret));
	if (label) {
		read = bpf_probe_read_user_str(record->label, LABEL_BYTES, (void *)label);
		record->label_length = read > 0 ? read - 1 : 0;
	} else {
		__builtin_memcpy(record->label, client_random, sizeof(client_random));
		record->label_length = sizeof(client_random) - 1;
	}
	record_begin(&record->header);
	record->header.flags = connection->flags;
	record->socket = connection->socket;
	record->library = module_library;
	record->ssl = ssl;
	record->born = connection->born;
	record->label_distance = label_distance;
	record->length = length;
	record_submit(slot, RECORD_SECRET, sizeof(*record));
out:
	scratch_release(slot);
}

/* int ssl_log_secret(conn, const char *label, const uint8_t *secret, size_t length) */
static __always_inline int log_secret(struct pt_regs *ctx, __u32 index)
{
	__u64 label = PT_REGS_PARM2(ctx);

	if (label)
		send_secret(index, PT_REGS_PARM1(ctx), label, label - PT_REGS_IP(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx));
	return 0;
}

/* void ssl3_RecordKeyLog(sslSocket *ss, const char *label, PK11SymKey *secret) */
static __always_inline int log_nss_secret(struct pt_regs *ctx, __u32 index)
{
	__u64 label = PT_REGS_PARM2(ctx);

	if (label)
		send_secret(index, PT_REGS_PARM1(ctx), label, label - PT_REGS_IP(ctx), 0, 0);
	return 0;
}

/* A handshake has ended well. TLS 1.3 has no master secret and zeros in its place. What the key-log function was told already comes a second
 * time; the agent drops it.
 */
static __always_inline void handshake_done(__u32 module_library, __u64 ssl)
{
	__u32 index = LIBRARY_OF(module_library);
	struct library *library = bpf_map_lookup_elem(&libraries, &index);
	__u64 start[2] = {}, secret;

	if (!library || library->master_secret < 0)
		return;
	secret = ssl + library->master_secret;
	if (bpf_probe_read_user(start, sizeof(start), (void *)secret))
		count_loss(LOSS_MEMORY_FAULT);
	else if (start[0] | start[1])
		send_secret(module_library, ssl, 0, 0, secret, MASTER_SECRET_BYTES);
}

static __always_inline int leave(struct pt_regs *ctx)
{
	/* The return has popped its address where the processor keeps it on the stack. */
#if defined(__TARGET_ARCH_x86)
	__u64 stack = PT_REGS_SP(ctx) - sizeof(__u64);
#else
	__u64 stack = PT_REGS_SP(ctx);
#endif
	__s64 returned = PT_REGS_RC(ctx);
	struct thread_calls *thread;
	struct connection *connection;
	struct call call = {};
	__u64 length;

	thread = thread_find(thread_calls);
	if (!thread)
		return 0;
#pragma unroll
	for (int i = 0; i < MOST_CALLS; i++) {
		if (thread->calls[i].stack == stack) {
			call = thread->calls[i];
			thread->calls[i].stack = 0;
		}
	}
	if (!call.stack)
		return 0;
	if (!call.is_wide)
		returned = (__s32)returned;
	if (call.direction == HMAC) {
		if (!returned)
			nss_hmac_done(call.buffer, call.length_at);
		return 0;
	}
	if (call.direction == HANDSHAKE) {
		if (!returned)
			handshake_done((__u32)bpf_get_attach_cookie(ctx), call.ssl);
		return 0;
	}
	if (returned <= 0)
		return 0;

	length = returned;
	if (call.length_at) {
		length = 0;
		if (bpf_probe_read_user(&length, sizeof(length), (void *)call.length_at)) {
			count_loss(LOSS_MEMORY_FAULT);
			return 0;
		}
	}
	if (!length || length > (1ULL << 40))
		return 0;

	connection = connection_of(call.ssl, call.boot_ns, false);
	if (!connection)
		return 0;
	if (call.direction == SENT_VECTOR)
		send_vectors(connection, call.ssl, (__u32)bpf_get_attach_cookie(ctx), call.buffer, length);
	else
		send_data(connection, call.ssl, (__u32)bpf_get_attach_cookie(ctx), call.buffer, length, call.direction);
	return 0;
}

/* void SSL_free(SSL *ssl), void gnutls_deinit(gnutls_session_t session) */
static __always_inline int freed(__u64 ssl)
{
	struct connection_key key = { .ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct connection *known = bpf_map_lookup_elem(&connections, &key);

	/* Not removed: the object lives on when there are more references to it. */
	if (known)
		known->freed = 1;
	return 0;
}

/* PR_Read and the like serve every kind of descriptor: only TLS is of interest. */
static __always_inline int nss_enter(struct pt_regs *ctx, __u32 direction)
{
	__u64 socket = nss_socket_of(PT_REGS_PARM1(ctx));

	return socket ? enter(ctx, socket, direction, 0, false) : 0;
}

/* Entry of every function; the cookie says of which one. */
SEC("uprobe")
int tls_entry(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx), ssl = PT_REGS_PARM1(ctx);

	if (is_left_out()) {
		count_hits(HIT_EXCLUDED, 1);
		return 0;
	}
	switch (cookie >> 32) {
	case SSL_READ:
		return enter(ctx, ssl, RECEIVED, 0, false);
	case SSL_WRITE:
		return enter(ctx, ssl, SENT, 0, false);
	case SSL_READ_EX:
		return enter(ctx, ssl, RECEIVED, PT_REGS_PARM4(ctx), false);
	case SSL_WRITE_EX:
		return enter(ctx, ssl, SENT, PT_REGS_PARM4(ctx), false);
	case SSL_WRITE_EX2:
		return enter(ctx, ssl, SENT, PT_REGS_PARM5(ctx), false);
	case SSL_FREE:
		return freed(ssl);
	case SSL_LOG_SECRET:
		return log_secret(ctx, (__u32)cookie);
	case GNUTLS_RECEIVE:
		return enter(ctx, ssl, RECEIVED, 0, true);
	case GNUTLS_SEND:
		return enter(ctx, ssl, SENT, 0, true);
	case GNUTLS_HANDSHAKE:
		return enter(ctx, ssl, HANDSHAKE, 0, false);
	case NSS_READ:
		return nss_enter(ctx, RECEIVED);
	case NSS_RECEIVE:
		return PT_REGS_PARM4(ctx) & NSS_PEEK ? 0 : nss_enter(ctx, RECEIVED);
	case NSS_WRITE:
		return nss_enter(ctx, SENT);
	case NSS_WRITE_VECTOR:
		return nss_enter(ctx, SENT_VECTOR);
	case NSS_CLOSE:
		return freed(nss_socket_of(ssl));
	case NSS_LOG_SECRET:
		return log_nss_secret(ctx, (__u32)cookie);
	case NSS_HMAC:
		return enter(ctx, ssl, HMAC, PT_REGS_PARM3(ctx), false);
	case NSS_PRF:
		nss_prf(ssl, PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx));
		return 0;
	case NSS_P_HASH:
		nss_prf(PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx), PT_REGS_PARM4(ctx));
		return 0;
	}
	return 0;
}

/* Return of the functions that read and write. */
SEC("uretprobe")
int tls_return(struct pt_regs *ctx)
{
	return leave(ctx);
}
