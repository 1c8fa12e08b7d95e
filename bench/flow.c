/*
 * The load of the datapath benchmark, over IPv4:
 *
 *   flow TURNS CLIENT SERVER ADDRESS [CLIENT SERVER ADDRESS]...
 *
 * measures from the network namespace CLIENT (a path) to ADDRESS, which SERVER has, and prints a line for each such pair:
 *
 *   nanoseconds for a datagram of 64 bytes to get there, for 1 MiB of a TCP stream to be read there and acknowledged,
 *   for a request of one byte to be answered, for an echo to come back
 *
 * The pairs take turns of some milliseconds, so that they meet the same machine, and of all its turns each one's fastest
 * counts: whatever else the machine does can only take time away. For the same reason client and server are on one
 * processor: none wakes up another. A packet between veth links is forwarded within the system call that sends it.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7000
#define MOST_PAIRS 8
#define DATAGRAMS 64
#define STREAM (1u << 20)
#define REQUESTS 32
#define ECHOES 32

struct pair {
	const char *client, *server;
	struct sockaddr_in to;
	int tcp, udp, icmp;
	double datagram, stream, request, echo;
};

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
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void keep_fastest(double *fastest, double begin, unsigned int count)
{
	double one = (now() - begin) / count;

	if (*fastest == 0 || one < *fastest)
		*fastest = one;
}

static void enter(const char *namespace)
{
	int fd = open(namespace, O_RDONLY | O_CLOEXEC);

	check(fd >= 0, namespace);
	check(setns(fd, CLONE_NEWNET) == 0, namespace);
	close(fd);
}

static void on_one_processor(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	check(sched_setaffinity(0, sizeof first, &first) == 0, "sched_setaffinity");
}

static void at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Everywhere at hand, and unlike bbr without a clock of its own: what is left is the path. */
static void by_reno(int fd)
{
	check(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4) == 0, "TCP_CONGESTION");
}

static void read_all(int fd, size_t count)
{
	while (count > 0) {
		ssize_t got = read(fd, buffer, count < sizeof buffer ? count : sizeof buffer);

		if (got <= 0)
			exit(got < 0);
		count -= (size_t)got;
	}
}

static void write_all(int fd, size_t count)
{
	while (count > 0) {
		ssize_t put = write(fd, buffer, count < sizeof buffer ? count : sizeof buffer);

		check(put > 0, "write");
		count -= (size_t)put;
	}
}

/* Takes datagrams and forgets them; answers one byte to a length in four bytes and so many more. */
static void serve(const struct pair *pair, int ready)
{
	int on = 1, small = 1, tcp, udp;
	const struct sockaddr *own = (const struct sockaddr *)&pair->to;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter(pair->server);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	check(bind(udp, own, sizeof pair->to) == 0, "bind");
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	check(bind(tcp, own, sizeof pair->to) == 0, "bind");
	check(listen(tcp, 1) == 0, "listen");
	close(ready);
	tcp = accept(tcp, NULL, NULL);
	at_once(tcp);
	for (;;) {
		unsigned int count;

		read_all(tcp, sizeof count);
		memcpy(&count, buffer, sizeof count);
		read_all(tcp, count);
		write_all(tcp, 1);
	}
}

static void start_server(const struct pair *pair)
{
	int ends[2];
	char nothing;

	check(pipe(ends) == 0, "pipe");
	switch (fork()) {
	case -1:
		check(0, "fork");
		break;
	case 0:
		close(ends[0]);
		serve(pair, ends[1]);
	}
	close(ends[1]);
	check(read(ends[0], &nothing, 1) == 0, "read");
	close(ends[0]);
}

static void reach(struct pair *pair)
{
	const struct sockaddr *to = (const struct sockaddr *)&pair->to;

	enter(pair->client);
	pair->udp = socket(AF_INET, SOCK_DGRAM, 0);
	pair->icmp = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	pair->tcp = socket(AF_INET, SOCK_STREAM, 0);
	by_reno(pair->tcp);
	for (int i = 0; i < 3; i++) {
		int fd = (int[]){pair->udp, pair->icmp, pair->tcp}[i];

		check(connect(fd, to, sizeof pair->to) == 0, "connect");
	}
	at_once(pair->tcp);
}

static void send_datagrams(struct pair *pair)
{
	double begin = now();

	for (int i = 0; i < DATAGRAMS; i++)
		check(send(pair->udp, buffer, 64, 0) == 64, "send");
	keep_fastest(&pair->datagram, begin, DATAGRAMS);
}

static void ask(struct pair *pair, unsigned int bytes)
{
	memcpy(buffer, &bytes, sizeof bytes);
	write_all(pair->tcp, sizeof bytes + bytes);
	read_all(pair->tcp, 1);
}

static void ask_often(struct pair *pair)
{
	double begin = now();

	for (int i = 0; i < REQUESTS; i++)
		ask(pair, 1);
	keep_fastest(&pair->request, begin, REQUESTS);
}

/* Type, code, checksum, identifier, sequence; a sum of 0x0800 and 0xf7ff is right. */
static void ping(struct pair *pair)
{
	static const unsigned char request[8] = {ICMP_ECHO, 0, 0xf7, 0xff};
	double begin = now();

	for (int i = 0; i < ECHOES; i++) {
		check(send(pair->icmp, request, sizeof request, 0) == sizeof request, "send");
		check(recv(pair->icmp, buffer, sizeof buffer, 0) > 0, "recv");
	}
	keep_fastest(&pair->echo, begin, ECHOES);
}

static void take_turn(struct pair *pair)
{
	double begin;

	send_datagrams(pair);
	begin = now();
	ask(pair, STREAM);
	keep_fastest(&pair->stream, begin, 1);
	ask_often(pair);
	ping(pair);
}

int main(int argc, char **argv)
{
	static struct pair pairs[MOST_PAIRS];
	int count = (argc - 2) / 3;

	if (count < 1 || count > MOST_PAIRS || (argc - 2) % 3 != 0)
		return fputs("usage: flow TURNS CLIENT SERVER ADDRESS [CLIENT SERVER ADDRESS]...\n", stderr), 2;
	signal(SIGPIPE, SIG_IGN);
	on_one_processor();
	for (int i = 0; i < count; i++) {
		struct pair *pair = &pairs[i];

		*pair = (struct pair){.client = argv[2 + 3 * i], .server = argv[3 + 3 * i]};
		pair->to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(PORT)};
		check(inet_pton(AF_INET, argv[4 + 3 * i], &pair->to.sin_addr) == 1, argv[4 + 3 * i]);
		start_server(pair);
		reach(pair);
	}
	for (int turn = atoi(argv[1]); turn > 0; turn--)
		for (int i = 0; i < count; i++)
			take_turn(&pairs[(turn + i) % count]);
	for (int i = 0; i < count; i++)
		printf("%.0f %.0f %.0f %.0f\n", pairs[i].datagram, pairs[i].stream, pairs[i].request, pairs[i].echo);
	return 0;
}
