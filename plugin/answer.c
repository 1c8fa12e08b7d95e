/* SPDX-License-Identifier: Apache-2.0 */
/* Is this an answer that may be printed? Stdout must hold exactly one JSON document or nothing, so doubt means no. */
#include "forwarder.h"

#include <string.h>

/* Takes a plain decimal number up to `most` and the character behind it. Returns where to go on, or NULL. */
static const char *take_number(const char *at, const char *end, size_t most, char behind, size_t *number) {
  const char *start = at;
  *number = 0;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    *number = *number * 10 + (size_t)(*at - '0');
    if (*number > most) return NULL;
  }
  return at > start && at < end && *at == behind ? at + 1 : NULL;
}

/* "SLASH32/1 <exit code> <bytes>\n". False when it is something else, or not complete yet. */
static bool take_header(const char *bytes, size_t length, struct answer *answer) {
  static const char name[] = "SLASH32/1 ";
  const size_t name_length = sizeof name - 1;
  const char *header_end = bytes + (length < HEADER_MAX ? length : HEADER_MAX);
  if (length < name_length || memcmp(bytes, name, name_length) != 0) return false;

  size_t exit_code;
  const char *at = take_number(bytes + name_length, header_end, 255, ' ', &exit_code);
  if (at != NULL) at = take_number(at, header_end, ANSWER_MAX, '\n', &answer->length);
  if (at == NULL) return false;
  answer->exit_code = (int)exit_code;
  answer->document = at;
  return true;
}

/* Has all come that the header promises? Then nothing is worth waiting for, not even the controller's close. */
bool is_whole(const char *bytes, size_t length) {
  struct answer answer;
  return take_header(bytes, length, &answer) && answer.length <= length - (size_t)(answer.document - bytes);
}

/* Header and document, and of those that came not one byte more or less. */
bool parse_answer(const char *bytes, size_t length, struct answer *answer) {
  if (!take_header(bytes, length, answer) || answer->length != length - (size_t)(answer->document - bytes)) return false;
  if (answer->length == 0) return answer->exit_code == 0; /* who refuses must say why */
  return is_json_object(answer->document, answer->length);
}
