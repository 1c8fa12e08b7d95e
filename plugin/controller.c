/* SPDX-License-Identifier: Apache-2.0 */
/* One connection per verb: say all, half-close, hear as much as the answer says it has. Half an answer is no answer. */
#include "forwarder.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static char reply[HEADER_MAX + ANSWER_MAX + 1]; /* one byte more, to notice an answer that is too long */

/* Non-blocking, because connecting to a stopped controller whose backlog is full would block for ever. */
int reach(const struct sockaddr_un *address) {
  const int controller = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (controller < 0) return -1;
  if (connect(controller, (const struct sockaddr *)address, sizeof *address) == 0) return controller;
  const int error = errno;
  (void)close(controller); /* nothing was sent: nothing can be lost */
  errno = error;
  return -1;
}

int reach_within(const struct sockaddr_un *address, long budget_ms) {
  const moment deadline = in_ms(budget_ms);
  for (;;) {
    const int controller = reach(address);
    if (controller >= 0 || is_over(deadline)) return controller;
    pause_ms(RETRY_MS);
  }
}

/* The reply, until it is as long as its header says or the controller closes. Returns its length, or -1 with errno. */
static ssize_t hear(int controller, moment deadline) {
  size_t length = 0;
  while (length < sizeof reply) {
    const ssize_t count = receive(controller, reply + length, sizeof reply - length, deadline);
    if (count < 0) return -1;
    if (count == 0) return (ssize_t)length;
    length += (size_t)count;
    if (is_whole(reply, length)) return (ssize_t)length;
  }
  errno = EMSGSIZE;
  return -1;
}

/* Returns what went wrong and its errno (0: none), or NULL. */
static const char *converse(int controller, const struct request *request, moment deadline, struct answer *answer) {
  errno = 0;
  if (!deliver(controller, request->bytes, request->length, deadline)) return "it did not take the request";
  if (shutdown(controller, SHUT_WR) != 0) return "it hung up";
  const ssize_t length = hear(controller, deadline);
  if (length < 0) return "its answer did not arrive";
  errno = 0;
  if (length == 0) return "it hung up without one";
  return parse_answer(reply, (size_t)length, answer) ? NULL : "it is broken";
}

/* Sends the request and waits for the answer; closes the connection in any case. */
bool ask(int controller, const struct sockaddr_un *address, const struct request *request, moment deadline,
         struct answer *answer, struct reason *reason) {
  if (controller < 0) return because(reason, "no controller listens at %s: %s", address->sun_path, words(errno));
  const char *wrong = converse(controller, request, deadline, answer);
  const int error = errno;
  (void)close(controller); /* the answer is here already, or will never be used */
  if (wrong == NULL) return true;
  return because(reason, "no answer from the controller at %s: %s%s%s", address->sun_path, wrong, error == 0 ? "" : ", ",
                 error == 0 ? "" : words(error));
}
