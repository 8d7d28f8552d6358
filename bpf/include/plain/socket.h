/* What the socket tracepoints say. A network namespace is not among it: it is 0, and equal addresses in two namespaces are taken for one.
 */
#ifndef ECAPTURE_PLAIN_SOCKET_H
#define ECAPTURE_PLAIN_SOCKET_H

#include "tracepoints.h"

typedef const struct inet_sock_set_state *socket_ref;

static __always_inline __u64 socket_key(socket_ref socket)
{
	return socket->skaddr;
}

/* Fills a zeroed tuple of TCP. */
#define FILL_TUPLE(tuple, from) \
	({ \
		__builtin_memcpy((tuple)->local, (from)->saddr_v6, 16); \
		__builtin_memcpy((tuple)->remote, (from)->daddr_v6, 16); \
		(tuple)->local_port = (from)->sport; \
		(tuple)->remote_port = (from)->dport; \
		(tuple)->family = is_mapped_ipv4((tuple)->remote) ? AF_INET : AF_INET6; \
		(tuple)->protocol = 6; /* IPPROTO_TCP */ \
	})

static __always_inline bool read_tuple(socket_ref socket, struct socket_tuple *tuple)
{
	FILL_TUPLE(tuple, socket);
	return true;
}

#endif
