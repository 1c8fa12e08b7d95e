/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything the runtime reads from us. Stdout gets one JSON document or nothing; it is composed first and written at once,
 * and when it cannot be written the exit code says so. Stderr gets words for people.
 */
#include "forwarder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char document[8192]; /* holds any error: each of its parts is bounded, and escaping makes at most 6 bytes of one */
static size_t length;

static void add(const char *text) {
  const size_t size = strlen(text);
  if (size > sizeof document - length) return; /* cannot happen, see above */
  memcpy(document + length, text, size);
  length += size;
}

/* A JSON string. Bytes outside printable ASCII are escaped one by one, so that the document is valid whatever a path holds. */
static void add_string(const char *text) {
  char escaped[8];
  add("\"");
  for (; *text != '\0'; text++) {
    const unsigned char byte = (unsigned char)*text;
    const bool plain = byte >= ' ' && byte < 127;
    const bool quoted = byte == '"' || byte == '\\';
    if (snprintf(escaped, sizeof escaped, quoted ? "\\%c" : plain ? "%c" : "\\u%04x", byte) < 0) continue;
    add(escaped);
  }
  add("\"");
}

static bool print(const char *bytes, size_t size) {
  return deliver(STDOUT_FILENO, bytes, size, in_ms(limit_ms("SLASH32_STDOUT_MS", STDOUT_MS)));
}

/* Fills in a reason. Always false, so that a failing function can end in `return because(...)`. */
bool because(struct reason *reason, const char *format, ...) {
  va_list values;
  va_start(values, format);
  if (vsnprintf(reason->text, sizeof reason->text, format, values) < 0) reason->text[0] = '\0';
  va_end(values);
  return false;
}

/*
 * Of an errno. go-cni takes every DEL error whose text has "no such file or directory" or "not found" in it for a success,
 * and forgets a DEL that should be retried: those words never leave us.
 */
const char *words(int error) {
  switch (error) {
    case ENOENT: return "the path does not exist";
    case ETIMEDOUT: return "not in time";
    case EMSGSIZE: return "too long";
    default: return strerror(error);
  }
}

/* Returns the exit code: the controller's, or 1 when nobody could hear its answer. */
int say_answer(const struct answer *answer) {
  return print(answer->document, answer->length) ? answer->exit_code : 1;
}

int say_versions(const struct request *request) {
  char version[VERSION_MAX + 1];
  find_version(request->config, request->config_length, "1.1.0", version);
  add("{\"cniVersion\":");
  add_string(version);
  add(",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
  return print(document, length) ? 0 : 1;
}

/* What a person sees who starts the plugin by hand. */
int say_about(void) {
  note("CNI plugin: hands each request to slash32d on this node", NULL);
  note("CNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0", NULL);
  return 0;
}

/* A line on stderr. Nobody has to read it, so nothing is done when it cannot be written. */
void note(const char *text, const char *which) {
  char line[512];
  const int size = snprintf(line, sizeof line, "slash32: %s%s%s\n", text, which == NULL ? "" : " ", which == NULL ? "" : which);
  if (size > 0 && (size_t)size < sizeof line) (void)deliver(STDERR_FILENO, line, (size_t)size, in_ms(SILENCE_MS));
}

/* A CNI error object in the config's version (never more of stdin than that), and the exit code that goes with it. */
int refuse(const struct request *request, int code, const struct reason *reason, const char *remedy) {
  char version[VERSION_MAX + 1];
  char number[16];
  find_version(request->config, request->config_length, "1.0.0", version);
  if (snprintf(number, sizeof number, "%d", code) < 0) return 1;
  add("{\"cniVersion\":");
  add_string(version);
  add(",\"code\":");
  add(number);
  add(",\"msg\":");
  add_string(reason->text);
  add(",\"details\":");
  add_string(remedy);
  add("}\n");
  (void)print(document, length); /* the exit code tells of the failure in either case */
  return 1;
}
