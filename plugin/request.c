/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gathers what the runtime gave us into one block of bytes: header, CNI_* variables, stdin.
 * The header holds both lengths, so it is written last, right-aligned into the room kept in front.
 */
#include "forwarder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static char block[HEADER_MAX + ENVIRONMENT_MAX + STDIN_MAX + 1]; /* one byte more, to notice a stdin that is too long */

/* Of a variable given twice the first counts, as for getenv: forwarder and controller must read the same command. */
static bool is_repeated(const char *variables, size_t length, const char *entry, size_t name_length) {
  for (size_t at = 0; at < length; at += strlen(variables + at) + 1)
    if (strncmp(variables + at, entry, name_length) == 0) return true;
  return false;
}

/* Copies KEY=VALUE\0 for every CNI_* variable. Returns false when they do not fit. */
static bool copy_environment(char *to, size_t *length) {
  *length = 0;
  for (char **entry = environ; *entry != NULL; entry++) {
    const char *equals = strchr(*entry, '=');
    if (equals == NULL || strncmp(*entry, "CNI_", 4) != 0) continue;
    if (is_repeated(to, *length, *entry, (size_t)(equals - *entry) + 1)) continue;
    const size_t size = strlen(*entry) + 1;
    if (size > ENVIRONMENT_MAX - *length) return false;
    memcpy(to + *length, *entry, size);
    *length += size;
  }
  return true;
}

/* Reads until the end of stdin, until the deadline, or until it has been silent for so long. */
static enum gathering read_stdin(char *to, size_t *length, moment deadline, long silence_ms) {
  *length = 0;
  while (*length <= STDIN_MAX) {
    const moment silence = in_ms(silence_ms);
    const ssize_t count = receive(STDIN_FILENO, to + *length, STDIN_MAX + 1 - *length, silence < deadline ? silence : deadline);
    if (count == 0) return GATHERED;
    if (count < 0) return errno == ETIMEDOUT ? STDIN_STAYS_OPEN : STDIN_BROKEN;
    *length += (size_t)count;
  }
  *length = STDIN_MAX;
  return STDIN_TOO_LONG;
}

/* Whatever is wrong, the config is as much of stdin as came: an error can still be told in the runtime's version. */
enum gathering gather(struct request *request, moment deadline, long silence_ms) {
  char *variables = block + HEADER_MAX;
  request->since_boot_ns = since_boot_ns();
  size_t variables_length;
  const bool fits = copy_environment(variables, &variables_length);
  request->config = variables + variables_length;
  const enum gathering result = read_stdin(variables + variables_length, &request->config_length, deadline, silence_ms);

  char header[HEADER_MAX];
  const int written = snprintf(header, sizeof header, "SLASH32/1 %zu %zu\n", variables_length, request->config_length);
  if (written < 0 || written >= HEADER_MAX) return STDIN_BROKEN; /* cannot happen: two numbers of at most 7 digits */
  request->bytes = memcpy(variables - written, header, (size_t)written);
  request->length = (size_t)written + variables_length + request->config_length;
  return fits ? result : ENVIRONMENT_TOO_LONG;
}
