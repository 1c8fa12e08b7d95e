/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and reading and writing that end at a deadline, whatever the other side does. */
#include "forwarder.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

static struct timespec read_clock(clockid_t clock) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0) _exit(1); /* cannot happen; without a clock no deadline would hold */
  return time;
}

static moment now(void) {
  const struct timespec time = read_clock(CLOCK_MONOTONIC);
  return (moment)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Goes on while the node sleeps, and is the same for every process: a controller can compare it with its own. */
long long since_boot_ns(void) {
  const struct timespec time = read_clock(CLOCK_BOOTTIME);
  return (long long)time.tv_sec * 1000000000 + time.tv_nsec;
}

moment in_ms(long long milliseconds) { return now() + milliseconds; }

bool is_over(moment deadline) { return now() >= deadline; }

void pause_ms(long milliseconds) {
  struct timespec rest = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  while (nanosleep(&rest, &rest) != 0 && errno == EINTR) continue;
}

static bool is_passing(int error) { return error == EINTR || error == EAGAIN || error == EWOULDBLOCK; }

/* True when a read or write would not block. Errors of the descriptor count as ready: the call itself then names them. */
static bool is_ready(int fd, short event, moment deadline) {
  struct pollfd wanted = {.fd = fd, .events = event};
  for (;;) {
    const moment left = deadline - now();
    if (left <= 0) {
      errno = ETIMEDOUT;
      return false;
    }
    const int count = poll(&wanted, 1, left > INT_MAX ? INT_MAX : (int)left);
    if (count > 0) return true;
    if (count < 0 && !is_passing(errno)) return false;
  }
}

ssize_t receive(int fd, char *to, size_t room, moment deadline) {
  for (;;) {
    if (!is_ready(fd, POLLIN, deadline)) return -1;
    const ssize_t count = read(fd, to, room);
    if (count >= 0 || !is_passing(errno)) return count;
  }
}

bool deliver(int fd, const char *bytes, size_t length, moment deadline) {
  while (length > 0) {
    if (!is_ready(fd, POLLOUT, deadline)) return false;
    /* stdout is a pipe that we may not make non-blocking (others share it): no more than surely fits once it is ready. */
    const ssize_t count = write(fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
    if (count < 0 && !is_passing(errno)) return false;
    if (count > 0) {
      bytes += count;
      length -= (size_t)count;
    }
  }
  return true;
}
