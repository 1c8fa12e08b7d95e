/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A DEL that found no controller is kept as a file beside the socket, until a controller reads it. A file that has its name
 * is whole: it is written under another name first. The lock is shared among forwarders and exclusive to a controller that
 * drains: whoever holds it and finds no controller may write, and the next controller will read.
 */
#include "forwarder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[sizeof(((struct sockaddr_un *)0)->sun_path) + sizeof "/tombstones"];
static int lock = -1;

static bool make_directory(const char *path, struct reason *reason) {
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return true;
  return because(reason, "cannot create %s: %s", path, words(errno));
}

/* The directory of the socket is made too, in case no controller has ever run since boot. Returns the open directory, or -1. */
static int open_place(const struct sockaddr_un *address, struct reason *reason) {
  const size_t length = (size_t)(strrchr(address->sun_path, '/') - address->sun_path);
  memcpy(place, address->sun_path, length);
  place[length] = '\0';
  if (length > 0 && !make_directory(place, reason)) return -1;
  memcpy(place + length, "/tombstones", sizeof "/tombstones");
  if (!make_directory(place, reason)) return -1;

  struct stat found;
  const int directory = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory >= 0 && fstat(directory, &found) == 0) {
    if (found.st_uid == geteuid() && (found.st_mode & 077) == 0) return directory;
    errno = EPERM; /* others could plant a DEL here */
  }
  (void)because(reason, "%s is not a directory of our own with mode 0700: %s", place, words(errno));
  if (directory >= 0) (void)close(directory);
  return -1;
}

/* By tries, not by waiting in the kernel: a controller that drains may take long, and we have a budget. */
static bool take_lock(int directory, struct reason *reason) {
  const moment deadline = in_ms(limit_ms("SLASH32_CONNECT_MS", CONNECT_MS));
  lock = openat(directory, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (lock < 0) return because(reason, "cannot open %s/.lock: %s", place, words(errno));
  while (flock(lock, LOCK_SH | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return because(reason, "cannot lock %s/.lock: %s", place, words(errno));
    if (is_over(deadline)) return because(reason, "%s stays locked: a controller is still draining it", place);
    pause_ms(RETRY_MS);
  }
  return true;
}

int lock_tombstones(const struct sockaddr_un *address, struct reason *reason) {
  const int directory = open_place(address, reason);
  if (directory < 0 || take_lock(directory, reason)) return directory;
  unlock_tombstones(directory);
  return -1;
}

/* Closing lets go of the lock. Nothing is lost if a close fails: what must last was synced before. */
void unlock_tombstones(int directory) {
  if (lock >= 0) (void)close(lock);
  lock = -1;
  (void)close(directory);
}

/* How many there are, or -1 with errno. Names with a dot in front are the lock and what is still being written. */
static long count_tombstones(int directory) {
  static char entries[32 * 1024] __attribute__((aligned(8)));
  long count = 0;
  if (lseek(directory, 0, SEEK_SET) != 0) return -1;
  for (;;) {
    const ssize_t length = getdents64(directory, (void *)entries, sizeof entries);
    if (length <= 0) return length == 0 ? count : -1;
    for (ssize_t at = 0; at < length;) {
      const struct dirent64 *entry = (const struct dirent64 *)(const void *)(entries + at);
      if (entry->d_name[0] != '.') count++;
      at += entry->d_reclen;
    }
  }
}

static bool write_durably(int directory, const char *name, const struct request *request) {
  const int file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return false;
  const bool written = deliver(file, request->bytes, request->length, in_ms(ANSWER_MS)) && fsync(file) == 0;
  const int error = errno;
  const bool closed = close(file) == 0;
  if (!written) errno = error;
  return written && closed;
}

bool bury(int directory, const struct request *request, struct reason *reason) {
  char hidden[64]; /* the name while it is written: the final one with a dot in front */
  const int length = snprintf(hidden, sizeof hidden, ".%020lld-%d", request->since_boot_ns, (int)getpid());
  if (length < 0 || (size_t)length >= sizeof hidden) return because(reason, "cannot name a tombstone"); /* cannot happen */
  const long count = count_tombstones(directory);
  if (count < 0) return because(reason, "cannot read %s: %s", place, words(errno));
  if (count >= TOMBSTONES_MAX) return because(reason, "%s is full: %ld DELs wait there", place, count);

  if (write_durably(directory, hidden, request) && renameat(directory, hidden, directory, hidden + 1) == 0) {
    if (fsync(directory) == 0) return true;
    return because(reason, "cannot sync %s: %s", place, words(errno));
  }
  (void)because(reason, "cannot write a tombstone in %s: %s", place, words(errno));
  (void)unlinkat(directory, hidden, 0); /* if that fails too, the next controller sweeps it */
  return false;
}
