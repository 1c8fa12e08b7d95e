/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much JSON (RFC 8259) as a forwarder needs: whether a text is one object, and which cniVersion a config names.
 * Both walk a cursor that never passes its end. Recursion ends at NESTING_MAX levels.
 */
#include "forwarder.h"

#include <string.h>

struct cursor {
  const char *at;
  const char *end;
};

static bool is_at(const struct cursor *cursor, char wanted) { return cursor->at < cursor->end && *cursor->at == wanted; }

static bool take(struct cursor *cursor, char wanted) {
  if (!is_at(cursor, wanted)) return false;
  cursor->at++;
  return true;
}

static void skip_space(struct cursor *cursor) {
  while (cursor->at < cursor->end && memchr(" \t\r\n", *cursor->at, 4) != NULL) cursor->at++;
}

static bool take_digits(struct cursor *cursor) {
  const char *start = cursor->at;
  while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') cursor->at++;
  return cursor->at > start;
}

static bool take_number(struct cursor *cursor) {
  (void)take(cursor, '-');
  if (!take(cursor, '0') && !take_digits(cursor)) return false;
  if (take(cursor, '.') && !take_digits(cursor)) return false;
  if (!take(cursor, 'e') && !take(cursor, 'E')) return true;
  if (!take(cursor, '+')) (void)take(cursor, '-');
  return take_digits(cursor);
}

static bool take_word(struct cursor *cursor, const char *word) {
  const size_t length = strlen(word);
  if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, word, length) != 0) return false;
  cursor->at += length;
  return true;
}

/* Behind a backslash. */
static bool take_escape(struct cursor *cursor) {
  if (cursor->at == cursor->end) return false;
  const char kind = *cursor->at++;
  if (kind != 'u') return memchr("\"\\/bfnrt", kind, 8) != NULL;
  for (int digit = 0; digit < 4; digit++, cursor->at++)
    if (cursor->at == cursor->end || memchr("0123456789abcdefABCDEF", *cursor->at, 22) == NULL) return false;
  return true;
}

static bool take_string(struct cursor *cursor) {
  if (!take(cursor, '"')) return false;
  while (cursor->at < cursor->end) {
    const unsigned char next = (unsigned char)*cursor->at++;
    if (next == '"') return true;
    if (next < ' ') return false;
    if (next == '\\' && !take_escape(cursor)) return false;
  }
  return false;
}

static bool take_value(struct cursor *cursor, int depth);

static bool take_member(struct cursor *cursor, int depth) {
  skip_space(cursor);
  if (!take_string(cursor)) return false;
  skip_space(cursor);
  return take(cursor, ':') && take_value(cursor, depth);
}

/* Behind the opening bracket, up to the closing one. */
static bool take_items(struct cursor *cursor, char close, bool (*take_item)(struct cursor *, int), int depth) {
  skip_space(cursor);
  if (take(cursor, close)) return true;
  do {
    if (!take_item(cursor, depth)) return false;
  } while (take(cursor, ','));
  return take(cursor, close);
}

/* A value, and the space around it. */
static bool take_value(struct cursor *cursor, int depth) {
  bool taken;
  if (depth == NESTING_MAX) return false;
  skip_space(cursor);
  if (take(cursor, '{')) taken = take_items(cursor, '}', take_member, depth + 1);
  else if (take(cursor, '[')) taken = take_items(cursor, ']', take_value, depth + 1);
  else if (is_at(cursor, '"')) taken = take_string(cursor);
  else taken = take_word(cursor, "true") || take_word(cursor, "false") || take_word(cursor, "null") || take_number(cursor);
  skip_space(cursor);
  return taken;
}

bool is_json_object(const char *text, size_t length) {
  struct cursor cursor = {text, text + length};
  skip_space(&cursor);
  return is_at(&cursor, '{') && take_value(&cursor, 0) && cursor.at == cursor.end;
}

/* Behind the key: copies the value when it looks like a version, [0-9.]{1,16}; leaves `version` alone otherwise. */
static void copy_version(struct cursor cursor, char version[VERSION_MAX + 1]) {
  skip_space(&cursor);
  if (!take(&cursor, ':')) return;
  skip_space(&cursor);
  if (!take(&cursor, '"')) return;
  const char *start = cursor.at;
  while (cursor.at < cursor.end && memchr("0123456789.", *cursor.at, 11) != NULL) cursor.at++;
  const size_t length = (size_t)(cursor.at - start);
  if (length < 1 || length > VERSION_MAX || !is_at(&cursor, '"')) return;
  memcpy(version, start, length);
  version[length] = '\0';
}

/*
 * The config's own cniVersion, not the one inside its prevResult: only the top level counts. The config may be anything,
 * half JSON too. Of a key given twice the last counts, as in Go.
 */
void find_version(const char *config, size_t length, const char *otherwise, char version[VERSION_MAX + 1]) {
  static const char key[] = "\"cniVersion\"";
  struct cursor cursor = {config, config + length};
  long depth = 0;
  memcpy(version, otherwise, strlen(otherwise) + 1);
  while (cursor.at < cursor.end) {
    const char *start = cursor.at;
    if (is_at(&cursor, '"')) {
      if (!take_string(&cursor)) return;
      const bool is_key = (size_t)(cursor.at - start) == sizeof key - 1 && memcmp(start, key, sizeof key - 1) == 0;
      if (depth == 1 && is_key) copy_version(cursor, version);
      continue;
    }
    if (*start == '{' || *start == '[') depth++;
    if (*start == '}' || *start == ']') depth--;
    cursor.at++;
  }
}
