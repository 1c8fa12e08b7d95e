/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the forwarder know of each other. Data flows one way: request -> controller -> answer -> stdout;
 * a DEL that gets no answer becomes a tombstone. Nothing is allocated: every buffer is static, every size is in limits.h.
 */
#ifndef SLASH32_FORWARDER_H
#define SLASH32_FORWARDER_H

#include "limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/* A point of CLOCK_MONOTONIC, in milliseconds. */
typedef long long moment;

/* Why something could not be done, in words for an operator. */
struct reason {
  char text[512];
};

/* One request as it goes over the wire, when it began, and where in it the runtime's stdin lies. */
struct request {
  long long since_boot_ns;
  const char *bytes;
  size_t length;
  const char *config;
  size_t config_length;
};

/* What the controller wants printed, and the exit code it chose. */
struct answer {
  int exit_code;
  const char *document;
  size_t length;
};

/* stream.c: reading and writing that end at a deadline. */
moment in_ms(long long milliseconds);
long long since_boot_ns(void);
bool is_over(moment deadline);
void pause_ms(long milliseconds);
ssize_t receive(int fd, char *to, size_t room, moment deadline); /* 0 at end of file; -1 with errno, ETIMEDOUT if late */
bool deliver(int fd, const char *bytes, size_t length, moment deadline);

/* setting.c: what an operator or a test may set through the environment. */
long limit_ms(const char *variable, long otherwise);
bool socket_address(struct sockaddr_un *address); /* false: SLASH32_SOCKET is no usable path */

/* request.c */
enum gathering { GATHERED, ENVIRONMENT_TOO_LONG, STDIN_TOO_LONG, STDIN_STAYS_OPEN, STDIN_BROKEN };
enum gathering gather(struct request *request, moment deadline, long silence_ms);

/* controller.c */
int reach(const struct sockaddr_un *address); /* a connected socket, or -1 with errno */
int reach_within(const struct sockaddr_un *address, long budget_ms);
bool ask(int controller, const struct sockaddr_un *address, const struct request *request, moment deadline,
         struct answer *answer, struct reason *reason); /* takes reach()'s -1 too, and says why */

/* answer.c, json.c */
bool is_whole(const char *bytes, size_t length);
bool parse_answer(const char *bytes, size_t length, struct answer *answer);
bool is_json_object(const char *text, size_t length);
void find_version(const char *config, size_t length, const char *otherwise, char version[VERSION_MAX + 1]);

/* tombstone.c */
int lock_tombstones(const struct sockaddr_un *address, struct reason *reason); /* the directory, or -1 */
void unlock_tombstones(int directory);
bool bury(int directory, const struct request *request, struct reason *reason);

/* say.c: the only part that writes to stdout and stderr. */
bool because(struct reason *reason, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *words(int error);
int say_answer(const struct answer *answer);
int say_versions(const struct request *request);
int say_about(void);
void note(const char *text, const char *which);
int refuse(const struct request *request, int code, const struct reason *reason, const char *remedy);

#endif
