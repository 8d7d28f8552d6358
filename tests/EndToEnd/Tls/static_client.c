/* A TLS client with OpenSSL built in. Arguments: port, path. Waits for a line, then asks for the path and prints the first line of the answer.
 * With a third argument it prints its own port then, and goes on asking over the same connection for each line, which it sends as X-Marker. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int ask(SSL *ssl, const char *request)
{
	char text[4096];
	int length = strlen(request);

	if (SSL_write(ssl, request, length) != length || (length = SSL_read(ssl, text, sizeof(text) - 1)) <= 0)
		return 0;
	text[length] = 0;
	*strchr(text, '\r') = 0;
	printf("%s\n", text);
	fflush(stdout);
	return 1;
}

static int keep_asking(SSL *ssl, int s, const char *path)
{
	struct sockaddr_in own;
	socklen_t size = sizeof(own);
	char line[256], request[1024];

	if (getsockname(s, (struct sockaddr *)&own, &size))
		return 5;
	printf("%d\n", ntohs(own.sin_port));
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		*strchr(line, '\n') = 0;
		snprintf(request, sizeof(request), "HEAD %s HTTP/1.1\r\nHost: localhost\r\nX-Marker: %s\r\n\r\n", path, line);
		if (!ask(ssl, request))
			return 6;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char text[4096];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	printf("started\n");
	fflush(stdout);
	if (!fgets(text, sizeof(text), stdin))
		return 2;
	to.sin_port = htons(atoi(argv[1]));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) || !SSL_set_fd(ssl, s) || SSL_connect(ssl) != 1)
		return 3;
	if (argc > 3)
		return keep_asking(ssl, s, argv[2]);
	snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", argv[2]);
	if (!ask(ssl, text))
		return 4;
	while (SSL_read(ssl, text, sizeof(text)) > 0)
		;
	SSL_shutdown(ssl);
	close(s);
	fgets(text, sizeof(text), stdin);
	return 0;
}
