/* TLS plaintext and secrets of Go programs (crypto/tls), in Go's register ABI (1.17 and later).
 *
 * A goroutine may go on in another thread, and its stack may move: what has to be remembered between two probes is kept by its g, and a buffer
 * on its stack by the distance to the stack's end. There are no return probes: they would change the stack under Go's feet. The
 * probes at an "entry" stand behind the check for stack space, which runs a function's first instructions again when it grew the stack.
 */
#define RING_BYTES (32 * 1024 * 1024) /* as tls.bpf.c: it is one */
#define SCRATCH_BYTES (17 * 1024)

#include "tls.h"
#include "socket.h"

char LICENSE[] SEC("license") = "GPL";

#define MOST_GOROUTINES 65536
#define MOST_FILES (1 << 20)  /* file numbers beyond are none */
#define MOST_WRAPPERS 3       /* types around a net.TCPConn that begin with the net.Conn they wrap */
#define SOCKET_TYPE 0140000   /* S_IFSOCK */
#define TYPE_MASK 0170000     /* S_IFMT */
#define TCP 6                 /* IPPROTO_TCP */

/* Upper half of the attach cookie; the lower half is the module. */
enum go_function {
	GO_READ = 1,  /* func (c *Conn) Read(b []byte) (int, error) */
	GO_WRITE,     /* func (c *Conn) Write(b []byte) (int, error) */
	GO_HANDSHAKE, /* func (c *Conn) clientHandshake(ctx context.Context) error, serverHandshake likewise */
	GO_KEY_LOG,   /* func (c *Config) writeKeyLog(label string, clientRandom, secret []byte) error */
	GO_READ_HOME, /* Read again, which puts its arguments where its caller left room for them, and leaves them there */
};

/* Arguments and results in their order, and the running goroutine (Go's internal ABI specification). */
#if defined(__TARGET_ARCH_x86)
#if KERNEL_TYPES
#define REGISTER(name) name
#else
#define REGISTER(name) r##name /* as the header for programs of user space calls it */
#endif
#define GO_1(regs) ((regs)->REGISTER(ax))
#define GO_2(regs) ((regs)->REGISTER(bx))
#define GO_3(regs) ((regs)->REGISTER(cx))
#define GO_4(regs) ((regs)->REGISTER(di))
#define GO_5(regs) ((regs)->REGISTER(si))
#define GO_G(regs) ((regs)->r14)
#define GO_STACK(regs) ((regs)->REGISTER(sp))
#define GO_SECRET(regs) ((regs)->r9)
#define GO_SECRET_LENGTH(regs) ((regs)->r10)
#else
#define GO_1(regs) (((struct user_pt_regs *)(regs))->regs[0])
#define GO_2(regs) (((struct user_pt_regs *)(regs))->regs[1])
#define GO_3(regs) (((struct user_pt_regs *)(regs))->regs[2])
#define GO_4(regs) (((struct user_pt_regs *)(regs))->regs[3])
#define GO_5(regs) (((struct user_pt_regs *)(regs))->regs[4])
#define GO_G(regs) (((struct user_pt_regs *)(regs))->regs[28])
#define GO_STACK(regs) (((struct user_pt_regs *)(regs))->sp)
#define GO_SECRET(regs) (((struct user_pt_regs *)(regs))->regs[6])
#define GO_SECRET_LENGTH(regs) (((struct user_pt_regs *)(regs))->regs[7])
#endif

struct goroutine_key {
	__u64 g;
	__u32 pid;
	__u32 reserved;
};

/* A call of Read. */
struct go_read {
	__u64 connection;
	__u64 buffer; /* address; on the stack: distance to its end */
	__u64 length;
	__u64 on_stack;
};

/* The calls of Read that have not returned. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MOST_GOROUTINES);
	__type(key, struct goroutine_key);
	__type(value, struct go_read);
} go_reads SEC(".maps");

/* The connection whose handshake a goroutine did last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MOST_GOROUTINES);
	__type(key, struct goroutine_key);
	__type(value, __u64);
} go_handshakes SEC(".maps");

/* runtime.stack, the first field of a g. */
struct go_stack {
	__u64 low;
	__u64 high;
};

static __always_inline struct goroutine_key goroutine_of(struct pt_regs *ctx)
{
	struct goroutine_key key = { .g = GO_G(ctx), .pid = bpf_get_current_pid_tgid() >> 32 };

	return key;
}

#if KERNEL_TYPES
/* The TCP socket of a file number of this process. */
static __always_inline bool socket_of_file(__u64 number, struct thread_socket *socket)
{
	struct task_struct *task = current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;
	struct socket *of_file;
	struct sock *sk;

	if (number >= MOST_FILES || number >= BPF_CORE_READ(table, max_fds))
		return false;
	if (bpf_probe_read_kernel(&file, sizeof(file), files + number) || !file)
		return false;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & TYPE_MASK) != SOCKET_TYPE)
		return false;
	of_file = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(of_file, sk);
	if (!sk || !read_tuple(sk, &socket->tuple) || socket->tuple.protocol != TCP)
		return false;
	socket->sk = (__u64)sk;
	return true;
}

/* The socket of a tls.Conn: its first field is a net.Conn {type, *net.TCPConn}; that begins with *net.netFD, which has its file number
 * behind a lock of 16 bytes. */
static __always_inline bool socket_of_conn(__u64 conn, struct thread_socket *socket)
{
	__u64 inner = 0, descriptor = 0, number = 0;

	__builtin_memset(socket, 0, sizeof(*socket));
#pragma unroll
	for (int i = 0; i < MOST_WRAPPERS; i++) {
		if (bpf_probe_read_user(&inner, sizeof(inner), (void *)(conn + 8)) ||
		    bpf_probe_read_user(&descriptor, sizeof(descriptor), (void *)inner))
			return false;
		if (!bpf_probe_read_user(&number, sizeof(number), (void *)(descriptor + 16)) && socket_of_file(number, socket))
			return true;
		conn = inner;
	}
	return false;
}

#else
/* Which socket a file number is only the kernel's types tell: the thread's last socket has to do. */
static __always_inline bool socket_of_conn(__u64 conn, struct thread_socket *socket)
{
	return false;
}
#endif

/* The connection of a tls.Conn. begins: its handshake does, so that what was known of another object at this address is over. */
static __noinline struct connection *go_connection(__u64 conn, bool is_conn, bool begins)
{
	__u64 process_start = current_start();
	struct connection_key key = { .ssl = conn, .pid = bpf_get_current_pid_tgid() >> 32 };
	struct connection *known = bpf_map_lookup_elem(&connections, &key);
	struct thread_socket found = {};
	struct thread_socket *socket;
	bool same;

	if (!is_conn || !socket_of_conn(conn, &found)) {
		/* The last socket of the thread is a guess: another goroutine may have used it. */
		socket = last_socket();
		if (socket && !socket->tuple.family)
			socket = NULL;
		/* Write and Read do the handshake themselves when nobody did it before. */
		if (!known || known->process_start != process_start || (begins && known->offsets[RECEIVED]))
			return connection_new(&key, socket, 0, process_start);
		return known;
	}

	if (!known || known->process_start != process_start)
		return connection_new(&key, &found, FLAG_SOCKET_SURE, process_start);
	same = same_socket(known, &found);
	if ((known->flags & FLAG_SOCKET_SURE) && !same)
		return connection_new(&key, &found, FLAG_SOCKET_SURE, process_start);
	if (!(known->flags & FLAG_SOCKET_SURE)) {
		known->socket = found.tuple;
		known->sk = found.sk;
		known->flags |= FLAG_SOCKET_SURE;
	}
	return known;
}

static __always_inline int on_read(struct pt_regs *ctx)
{
	struct goroutine_key key = goroutine_of(ctx);
	struct go_read read = { .connection = GO_1(ctx), .buffer = GO_2(ctx), .length = GO_3(ctx) };
	struct go_stack stack;

	if (bpf_probe_read_user(&stack, sizeof(stack), (void *)key.g)) {
		count_loss(LOSS_MEMORY_FAULT);
		return 0;
	}
	if (read.buffer >= stack.low && read.buffer < stack.high) {
		read.buffer = stack.high - read.buffer;
		read.on_stack = 1;
	}
	if (bpf_map_update_elem(&go_reads, &key, &read, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	return 0;
}

static __always_inline int on_write(struct pt_regs *ctx, __u32 index)
{
	__u64 conn = GO_1(ctx), buffer = GO_2(ctx), length = GO_3(ctx);
	struct connection *connection;

	if (!length || length > (1ULL << 40))
		return 0;
	connection = go_connection(conn, true, false);
	if (connection)
		send_data(connection, conn, index, buffer, length, SENT);
	return 0;
}

static __always_inline int on_handshake(struct pt_regs *ctx)
{
	struct goroutine_key key = goroutine_of(ctx);
	__u64 conn = GO_1(ctx);

	if (bpf_map_update_elem(&go_handshakes, &key, &conn, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	go_connection(conn, true, true);
	return 0;
}

static __always_inline int on_key_log(struct pt_regs *ctx, __u32 index)
{
	struct goroutine_key key = goroutine_of(ctx);
	__u64 label = GO_2(ctx), label_length = GO_3(ctx), random = GO_4(ctx), random_length = GO_5(ctx);
	__u64 secret = GO_SECRET(ctx), length = GO_SECRET_LENGTH(ctx);
	__u64 *handshake = bpf_map_lookup_elem(&go_handshakes, &key);
	__u64 conn = handshake ? *handshake : key.g;
	struct connection *connection;
	struct tls_secret *record;
	struct scratch *slot;

	if (random_length != RANDOM_BYTES || (length != 32 && length != 48 && length != 64) || !label_length || label_length > LABEL_BYTES)
		return 0;
	connection = go_connection(conn, handshake != NULL, false);
	if (!connection)
		return 0;
	slot = scratch_take();
	if (!slot)
		return 0;
	asm volatile("%0 &= 127" : "+r"(length)); /* as it is already; the compiler would not let the verifier see it */
	record = (struct tls_secret *)slot->bytes;
	__builtin_memset(record->label, 0, sizeof(record->label));
	__builtin_memset(record->secret, 0, sizeof(record->secret));
	if (bpf_probe_read_user(record->label, label_length, (void *)label) ||
	    bpf_probe_read_user(record->client_random, RANDOM_BYTES, (void *)random) ||
	    bpf_probe_read_user(record->secret, length, (void *)secret)) {
		count_lost(LOSS_MEMORY_FAULT, 1);
		goto out;
	}
	record_begin(&record->header);
	record->header.flags = connection->flags;
	record->socket = connection->socket;
	record->library = index;
	record->ssl = conn;
	record->born = connection->born;
	record->label_distance = 0;
	record->length = length;
	record->label_length = label_length;
	record_submit(slot, RECORD_SECRET, sizeof(*record));
out:
	scratch_release(slot);
	return 0;
}

/* Behind the stack check of every function; the cookie says of which one. */
SEC("uprobe")
int go_entry(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);

	if (is_left_out()) {
		count_hits(HIT_EXCLUDED, 1);
		return 0;
	}
	switch (cookie >> 32) {
	case GO_READ:
		return on_read(ctx);
	case GO_WRITE:
		return on_write(ctx, (__u32)cookie);
	case GO_HANDSHAKE:
		return on_handshake(ctx);
	case GO_KEY_LOG:
		return on_key_log(ctx, (__u32)cookie);
	}
	return 0;
}

/* The room that a caller leaves above the return address for arguments that come in registers. */
struct go_home {
	__u64 return_address;
	__u64 connection;
	__u64 buffer;
	__u64 length;
};

/* A call of Read that had begun before its probes stood: who waits for the next request has. */
static __always_inline bool read_begun_before(struct pt_regs *ctx, struct go_read *read)
{
	struct go_home home;

	if (bpf_get_attach_cookie(ctx) >> 32 != GO_READ_HOME || is_left_out())
		return false;
	if (bpf_probe_read_user(&home, sizeof(home), (void *)GO_STACK(ctx))) {
		count_loss(LOSS_MEMORY_FAULT);
		return false;
	}
	read->connection = home.connection;
	read->buffer = home.buffer;
	read->length = home.length;
	return true;
}

/* Every return instruction of Read. */
SEC("uprobe")
int go_read_done(struct pt_regs *ctx)
{
	struct goroutine_key key = goroutine_of(ctx);
	struct go_read *kept = bpf_map_lookup_elem(&go_reads, &key);
	__s64 length = GO_1(ctx);
	struct connection *connection;
	struct go_read read = {};
	struct go_stack stack;

	if (kept) {
		read = *kept;
		bpf_map_delete_elem(&go_reads, &key);
	} else if (length <= 0 || !read_begun_before(ctx, &read)) {
		return 0;
	}
	if (length <= 0 || length > read.length)
		return 0;
	if (read.on_stack) {
		if (bpf_probe_read_user(&stack, sizeof(stack), (void *)key.g)) {
			count_loss(LOSS_MEMORY_FAULT);
			return 0;
		}
		read.buffer = stack.high - read.buffer;
	}
	connection = go_connection(read.connection, true, false);
	if (connection)
		send_data(connection, read.connection, (__u32)bpf_get_attach_cookie(ctx), read.buffer, length, RECEIVED);
	return 0;
}
