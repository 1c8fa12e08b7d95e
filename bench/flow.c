/*
 * The load of the datapath benchmark, over TCP and IPv4:
 *
 *   flow serve PORT                  takes everything that comes; after a first byte 'e' it sends each byte back
 *   flow send ADDRESS PORT SECONDS   writes as fast as it can; prints megabits per second
 *   flow ask ADDRESS PORT SECONDS    one byte there and back, one after the other; prints round trips per second
 *
 * `serve` prints "listening" and serves one connection after the other until it is killed.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[256 * 1024];

static void check(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sockaddr_in place(const char *address, const char *port)
{
	struct sockaddr_in it = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};

	check(inet_pton(AF_INET, address, &it.sin_addr) == 1, address);
	return it;
}

static void at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void serve_one(int fd)
{
	ssize_t got = read(fd, buffer, 1);
	int echoes = got == 1 && buffer[0] == 'e';

	at_once(fd);
	while ((got = read(fd, buffer, sizeof buffer)) > 0)
		if (echoes && write(fd, buffer, (size_t)got) != got)
			break;
	close(fd);
}

static void serve(const char *port)
{
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in all = place("0.0.0.0", port);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	check(bind(fd, (struct sockaddr *)&all, sizeof all) == 0, "bind");
	check(listen(fd, 8) == 0, "listen");
	puts("listening");
	fflush(stdout);
	for (;;)
		serve_one(accept(fd, NULL, NULL));
}

static int reach(const char *address, const char *port, char mode)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in to = place(address, port);

	check(connect(fd, (struct sockaddr *)&to, sizeof to) == 0, "connect");
	at_once(fd);
	check(write(fd, &mode, 1) == 1, "write");
	return fd;
}

static void send_all(int fd, double seconds)
{
	double begin = now(), end = begin;
	double bytes = 0;

	for (; end - begin < seconds; end = now()) {
		ssize_t put = write(fd, buffer, sizeof buffer);

		check(put > 0, "write");
		bytes += (double)put;
	}
	printf("%.1f\n", bytes * 8 / 1e6 / (end - begin));
}

static void ask(int fd, double seconds)
{
	double begin = now(), end = begin;
	long trips = 0;

	for (; end - begin < seconds; end = now(), trips++) {
		check(write(fd, "x", 1) == 1, "write");
		check(read(fd, buffer, sizeof buffer) == 1, "read");
	}
	printf("%.1f\n", (double)trips / (end - begin));
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	if (argc == 5 && strcmp(argv[1], "send") == 0)
		send_all(reach(argv[2], argv[3], 's'), atof(argv[4]));
	else if (argc == 5 && strcmp(argv[1], "ask") == 0)
		ask(reach(argv[2], argv[3], 'e'), atof(argv[4]));
	else
		return fputs("usage: flow serve PORT | flow send|ask ADDRESS PORT SECONDS\n", stderr), 2;
	return 0;
}
