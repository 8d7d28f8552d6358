/* What is particular to NSS. Its key-log function is empty in release builds, but it is called, with the connection and a label; what it is handed as
 * the secret is a key of a PKCS #11 token. So the secret is taken where the token computes it:
 *
 * - of TLS 1.3 it is what HMAC_Finish gave last in the thread: a secret is one HMAC, and is logged at once;
 * - of TLS 1.2 and before, the PRF is asked for a "key expansion" with the master secret and both randoms, in resumed sessions too. It is
 *   kept by the client random until the handshake's end logs it.
 */
#ifndef ECAPTURE_NSS_H
#define ECAPTURE_NSS_H

#include "tls.h"

#define MASTER_SECRET_BYTES 48
#define NSS_PEEK 2     /* PR_MSG_PEEK */
#define NSS_VECTORS 16 /* PR_MAX_IOVECTOR_SIZE */

struct nss_secret {
	__u8 bytes[SECRET_BYTES];
	__u32 length;
	__u32 reserved;
};

/* What HMAC_Finish gave last in a thread. */
DEFINE_THREAD_MAP(nss_hmac, struct nss_secret);

struct nss_random {
	__u8 bytes[RANDOM_BYTES];
};

/* Master secrets by client random. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct nss_random);
	__type(value, struct nss_secret);
} nss_master_secrets SEC(".maps");

struct sec_item {
	__u32 type;
	__u32 reserved;
	__u64 data;
	__u32 length;
	__u32 reserved2;
};

/* The connection of an SSL layer: PRFileDesc begins with methods and the layer's own data, which for TLS is a socket that begins with the address of its
 * PRFileDesc. 0: another kind of layer (a file, a pipe, plain TCP). */
static __always_inline __u64 nss_socket_of(__u64 descriptor)
{
	__u64 socket = 0, back = 0;

	if (bpf_probe_read_user(&socket, sizeof(socket), (void *)(descriptor + 8)) || !socket ||
	    bpf_probe_read_user(&back, sizeof(back), (void *)socket) || back != descriptor)
		return 0;
	return socket;
}

/* PRIOVec */
struct nss_vector {
	__u64 data;
	__u32 length;
	__u32 reserved;
};

struct vector_walk {
	struct connection *connection;
	__u64 ssl;
	__u64 vectors;
	__u64 left;
	__u32 library;
	__u32 reserved;
};

static long send_vector(__u32 step, struct vector_walk *walk)
{
	struct nss_vector vector = {};
	__u64 length;

	if (bpf_probe_read_user(&vector, sizeof(vector), (void *)(walk->vectors + step * sizeof(vector)))) {
		count_loss(LOSS_MEMORY_FAULT);
		return 1;
	}
	length = vector.length < walk->left ? vector.length : walk->left;
	if (length)
		send_data(walk->connection, walk->ssl, walk->library, vector.data, length, SENT);
	walk->left -= length;
	return !walk->left;
}

/* Sends what PR_Writev wrote: so many bytes of its buffers. */
static __always_inline void send_vectors(struct connection *connection, __u64 ssl, __u32 library, __u64 vectors, __u64 length)
{
	struct vector_walk walk = { .connection = connection, .ssl = ssl, .vectors = vectors, .left = length, .library = library };

	bpf_loop(NSS_VECTORS, send_vector, &walk, 0);
}

/* SECStatus HMAC_Finish(HMACContext *context, unsigned char *result, unsigned int *length, unsigned int most) returned well. */
static __always_inline void nss_hmac_done(__u64 result, __u64 length_at)
{
	struct nss_secret *kept;
	__u32 length = 0;

	if (bpf_probe_read_user(&length, sizeof(length), (void *)length_at) || (length != 32 && length != 48 && length != 64))
		return;
	kept = thread_make(nss_hmac);
	if (!kept) {
		count_loss(LOSS_MAP_FULL);
		return;
	}
	kept->length = 0;
	asm volatile("" : "+r"(length)); /* what is known of it the compiler knows, but not the verifier */
	if (length > SECRET_BYTES)
		return;
	if (bpf_probe_read_user(kept->bytes, length, (void *)result))
		count_loss(LOSS_MEMORY_FAULT);
	else
		kept->length = length;
}

/* SECStatus TLS_PRF(const SECItem *secret, const char *label, SECItem *seed, SECItem *result, PRBool fips); TLS_P_hash is the same behind
 * a HASH_HashType. */
static __always_inline void nss_prf(__u64 secret_at, __u64 label, __u64 seed_at)
{
	union {
		char text[16];
		__u64 words[2];
	} wanted = { .text = "key expansion" }, found = {};
	struct sec_item secret = {}, seed = {};
	struct nss_secret master = {};
	struct nss_random random;

	if (bpf_probe_read_user_str(found.text, sizeof(found.text), (void *)label) < 0 || found.words[0] != wanted.words[0] ||
	    found.words[1] != wanted.words[1])
		return;
	if (bpf_probe_read_user(&secret, sizeof(secret), (void *)secret_at) || bpf_probe_read_user(&seed, sizeof(seed), (void *)seed_at)) {
		count_loss(LOSS_MEMORY_FAULT);
		return;
	}
	/* The seed is the server's random and the client's; TLS_PRF calls TLS_P_hash with each half of the secret. */
	if (secret.length != MASTER_SECRET_BYTES || seed.length != 2 * RANDOM_BYTES)
		return;
	if (bpf_probe_read_user(master.bytes, MASTER_SECRET_BYTES, (void *)secret.data) ||
	    bpf_probe_read_user(&random, sizeof(random), (void *)(seed.data + RANDOM_BYTES))) {
		count_loss(LOSS_MEMORY_FAULT);
		return;
	}
	master.length = MASTER_SECRET_BYTES;
	if (bpf_map_update_elem(&nss_master_secrets, &random, &master, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
}

/* The secret that the key-log function is handed now. It is given out once. */
static __always_inline bool nss_take_secret(__u64 client_random_at, struct nss_secret *into)
{
	struct nss_secret *kept;
	struct nss_random random;

	if (bpf_probe_read_user(&random, sizeof(random), (void *)client_random_at)) {
		count_loss(LOSS_MEMORY_FAULT);
		return false;
	}
	kept = bpf_map_lookup_elem(&nss_master_secrets, &random);
	if (kept) {
		*into = *kept;
		bpf_map_delete_elem(&nss_master_secrets, &random);
		return true;
	}
	kept = thread_find(nss_hmac);
	if (!kept || !kept->length) {
		count_loss(LOSS_NOT_FOUND);
		return false;
	}
	*into = *kept;
	kept->length = 0;
	return true;
}

#endif
