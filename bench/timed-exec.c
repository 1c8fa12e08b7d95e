/*
 * timed-exec INPUT PROGRAM: runs PROGRAM once with INPUT as its stdin, and its own environment and stdout, and prints
 * on stderr the nanoseconds from before the spawn until after the exit: what a container runtime waits.
 *
 * In C, because a large process (Node) needs milliseconds to fork, which would hide what is measured.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
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

int main(int argc, char **argv)
{
	int status;
	pid_t child;
	uint64_t start;
	char *const args[] = {argv[argc > 2 ? 2 : 0], NULL};

	if (argc != 3) {
		fputs("usage: timed-exec INPUT PROGRAM\n", stderr);
		return 2;
	}
	int input = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (input < 0 || dup2(input, STDIN_FILENO) < 0) {
		perror(argv[1]);
		return 2;
	}
	start = now();
	if (posix_spawn(&child, argv[2], NULL, NULL, args, environ) != 0) {
		perror(argv[2]);
		return 2;
	}
	if (waitpid(child, &status, 0) < 0)
		return 2;
	fprintf(stderr, "%" PRIu64 "\n", now() - start);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
