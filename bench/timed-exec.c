/*
 * timed-exec INPUT PROGRAM CONTAINER...: runs PROGRAM once for each container, all at once, with INPUT as stdin, and waits
 * for all. Prints on stderr the CLOCK_MONOTONIC nanoseconds before the first spawn and after the last exit: what a container
 * runtime waits. Each gets our environment and its own CNI_CONTAINERID and CNI_NETNS; all share our stdout.
 * Exits with 0 when all did, else with the exit code of one that did not.
 *
 * In C, because a large process (Node) needs milliseconds to fork, which would hide what is measured.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void start(const char *input, char *program, const char *container)
{
	pid_t child;
	char netns[256];
	char *const args[] = {program, NULL};
	posix_spawn_file_actions_t actions;

	snprintf(netns, sizeof netns, "/run/netns/%s", container);
	setenv("CNI_CONTAINERID", container, 1);
	setenv("CNI_NETNS", netns, 1);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
	if (posix_spawn(&child, program, &actions, NULL, args, environ) != 0) {
		perror(program);
		exit(2);
	}
	posix_spawn_file_actions_destroy(&actions);
}

int main(int argc, char **argv)
{
	int status, failure = 0;
	uint64_t begin;

	if (argc < 4) {
		fputs("usage: timed-exec INPUT PROGRAM CONTAINER...\n", stderr);
		return 2;
	}
	begin = now();
	for (int i = 3; i < argc; i++)
		start(argv[1], argv[2], argv[i]);
	while (wait(&status) > 0)
		if (status != 0)
			failure = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	fprintf(stderr, "%" PRIu64 " %" PRIu64 "\n", begin, now());
	return failure;
}
