/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator or a test may set: where the controller listens, and how long to wait for whom. */
#include "forwarder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The variable's value when it is a plain number of 0..OVERRIDE_MAX_MS, else the limit from limits.h. */
long limit_ms(const char *variable, long otherwise) {
  const char *text = getenv(variable);
  if (text == NULL || *text == '\0') return otherwise;
  long value = 0;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return otherwise;
    value = value * 10 + (*text - '0');
    if (value > OVERRIDE_MAX_MS) return otherwise;
  }
  return value;
}

/* Absolute only: tombstones lie beside the socket, and a runtime's working directory is no place for them. */
bool socket_address(struct sockaddr_un *address) {
  const char *path = getenv("SLASH32_SOCKET");
  if (path == NULL || *path == '\0') path = "/run/slash32/cni.sock";
  const size_t length = strlen(path);
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  if (*path != '/' || path[length - 1] == '/' || length >= sizeof address->sun_path) return false;
  memcpy(address->sun_path, path, length + 1);
  return true;
}
