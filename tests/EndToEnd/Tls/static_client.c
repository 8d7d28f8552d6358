/* A TLS client with OpenSSL built in. Arguments: port, path. Waits for a line, then asks for the path and prints the first line of the answer. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	char text[4096], rest[4096];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(context);
	int length, s = socket(AF_INET, SOCK_STREAM, 0);

	printf("started\n");
	fflush(stdout);
	if (!fgets(text, sizeof(text), stdin))
		return 2;
	to.sin_port = htons(atoi(argv[1]));
	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (connect(s, (struct sockaddr *)&to, sizeof(to)) || !SSL_set_fd(ssl, s) || SSL_connect(ssl) != 1)
		return 3;
	length = snprintf(text, sizeof(text), "GET %s HTTP/1.0\r\n\r\n", argv[2]);
	if (SSL_write(ssl, text, length) != length || (length = SSL_read(ssl, text, sizeof(text) - 1)) <= 0)
		return 4;
	text[length] = 0;
	*strchr(text, '\r') = 0;
	printf("%s\n", text);
	fflush(stdout);
	while (SSL_read(ssl, rest, sizeof(rest)) > 0)
		;
	SSL_shutdown(ssl);
	close(s);
	fgets(text, sizeof(text), stdin);
	return 0;
}
