/*
 * route-times TABLE +|- COUNT: listens to the IPv4 routes of this network namespace, and waits until COUNT routes of one
 * host (/32) have come into that kernel table (+) or gone from it (-). Prints "listening" once nothing will be missed, and
 * at the end "FIRST LAST": the CLOCK_MONOTONIC nanoseconds when it heard of the first and of the last one.
 *
 * A route that replaces another one does not count. Ends with 1 when the kernel has dropped notifications (ENOBUFS).
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The kernel charges about a kilobyte for each notification that waits. */
#define WAITING (512 * 1024 * 1024)

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t table_of(const struct nlmsghdr *message)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	int left = (int)RTM_PAYLOAD(message);

	for (const struct rtattr *a = RTM_RTA(route); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_TABLE)
			return *(const uint32_t *)RTA_DATA(a);
	return route->rtm_table;
}

static int listen_to_routes(void)
{
	int size = WAITING;
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		perror("route-times: netlink");
		exit(1);
	}
	return fd;
}

int main(int argc, char **argv)
{
	static char buffer[65536];
	uint64_t first = 0;
	long seen = 0;

	if (argc != 4) {
		fputs("usage: route-times TABLE +|- COUNT\n", stderr);
		return 2;
	}
	uint32_t table = (uint32_t)strtoul(argv[1], NULL, 10);
	uint16_t type = argv[2][0] == '-' ? RTM_DELROUTE : RTM_NEWROUTE;
	long count = strtol(argv[3], NULL, 10);
	int fd = listen_to_routes();

	puts("listening");
	fflush(stdout);
	while (seen < count) {
		ssize_t got = recv(fd, buffer, sizeof buffer, 0);
		uint64_t at = now();
		int left = (int)got;

		if (got < 0) {
			perror("route-times: recv");
			return 1;
		}
		for (struct nlmsghdr *m = (void *)buffer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
			const struct rtmsg *route = NLMSG_DATA(m);

			if (m->nlmsg_type != type || route->rtm_dst_len != 32 || (m->nlmsg_flags & NLM_F_REPLACE))
				continue;
			if (table_of(m) != table)
				continue;
			if (seen++ == 0)
				first = at;
		}
		if (seen >= count)
			printf("%" PRIu64 " %" PRIu64 "\n", first, at);
	}
	return 0;
}
