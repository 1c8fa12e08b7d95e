/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slash32, the program that container runtimes execute for every CNI verb. It understands nothing of networks: it hands its
 * CNI_* variables and stdin to the controller (slash32d), prints the answer, and exits with the answer's code. On its own it
 * only answers VERSION, refuses when there is no controller, and keeps a DEL that found none as a tombstone.
 * PROTOCOL.md is the contract, limits.h has every limit. It never runs another program.
 */
#include "forwarder.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* CNI error codes (SPEC.md, section 5). */
enum { BAD_ENVIRONMENT = 4, BAD_STDIN = 5, TRY_AGAIN_LATER = 11, NOT_AVAILABLE = 50 };

static const char start_it[] = "start slash32d on this node (systemctl start slash32d), then see: slash32 status";
static const char read_its_log[] = "try again; slash32d's log says more (journalctl -u slash32d), then see: slash32 status";
static const char make_room[] = "start slash32d, which empties that directory, or mend what is named here; then DEL again";

struct verb {
  const char *name;
  /* NULL: we answer on our own. */
  int (*serve)(const struct verb *verb, const struct request *request, const struct sockaddr_un *address);
  int refusal;         /* the code when there is no controller */
  long patience_ms;    /* how long to wait for its answer */
  bool needs_document; /* success without one is no answer */
};

static moment answer_deadline(const struct verb *verb) {
  const long wanted = limit_ms("SLASH32_ANSWER_MS", ANSWER_MS);
  return in_ms(wanted < verb->patience_ms ? wanted : verb->patience_ms);
}

static int forward(const struct verb *verb, const struct request *request, const struct sockaddr_un *address, int controller) {
  struct answer answer;
  struct reason reason;
  if (ask(controller, address, request, answer_deadline(verb), &answer, &reason)) {
    if (answer.length > 0 || !verb->needs_document) return say_answer(&answer);
    (void)because(&reason, "the controller at %s reports success without a result", address->sun_path);
  }
  return refuse(request, verb->refusal, &reason, controller < 0 ? start_it : read_its_log);
}

/* ADD, CHECK, GC: a controller that is being restarted is worth waiting for. */
static int serve_patiently(const struct verb *verb, const struct request *request, const struct sockaddr_un *address) {
  return forward(verb, request, address, reach_within(address, limit_ms("SLASH32_CONNECT_MS", CONNECT_MS)));
}

static int serve_at_once(const struct verb *verb, const struct request *request, const struct sockaddr_un *address) {
  return forward(verb, request, address, reach(address));
}

/* Ends a DEL that nobody answered, under the lock. `unanswered` says why, for people. */
static int keep(const struct request *request, int directory, const struct reason *unanswered) {
  struct reason trouble;
  const bool kept = bury(directory, request, &trouble);
  unlock_tombstones(directory);
  if (!kept) return refuse(request, TRY_AGAIN_LATER, &trouble, make_room);
  note("DEL is kept for slash32d:", unanswered->text);
  return 0;
}

/*
 * DEL succeeds unless it can be neither answered nor kept. The second try, under the lock, closes the gap in which a starting
 * controller has read the tombstones but we have not written ours yet. Both tries share one deadline. The lock is not held
 * during the conversation: a controller may want it.
 */
static int serve_delete(const struct verb *verb, const struct request *request, const struct sockaddr_un *address) {
  const moment deadline = answer_deadline(verb);
  struct answer answer;
  struct reason unanswered, trouble;
  if (ask(reach(address), address, request, deadline, &answer, &unanswered)) return say_answer(&answer);

  int directory = lock_tombstones(address, &trouble);
  if (directory < 0) return refuse(request, TRY_AGAIN_LATER, &trouble, make_room);
  const int controller = is_over(deadline) ? -1 : reach(address);
  if (controller < 0) return keep(request, directory, &unanswered);

  unlock_tombstones(directory);
  if (ask(controller, address, request, deadline, &answer, &unanswered)) return say_answer(&answer);
  directory = lock_tombstones(address, &trouble);
  if (directory < 0) return refuse(request, TRY_AGAIN_LATER, &trouble, make_room);
  return keep(request, directory, &unanswered);
}

static const struct verb verbs[] = {
    {"ADD", serve_patiently, TRY_AGAIN_LATER, OVERRIDE_MAX_MS, true},
    {"DEL", serve_delete, TRY_AGAIN_LATER, OVERRIDE_MAX_MS, false},
    {"CHECK", serve_patiently, TRY_AGAIN_LATER, OVERRIDE_MAX_MS, false},
    {"GC", serve_patiently, TRY_AGAIN_LATER, OVERRIDE_MAX_MS, false},
    {"STATUS", serve_at_once, NOT_AVAILABLE, STATUS_ANSWER_MS, false},
    {"VERSION", NULL, 0, 0, false},
};

static const struct verb *find_verb(const char *command) {
  for (size_t index = 0; index < sizeof verbs / sizeof verbs[0]; index++)
    if (strcmp(verbs[index].name, command) == 0) return &verbs[index];
  return NULL;
}

static int refuse_stdin(const struct request *request, enum gathering gathered) {
  struct reason reason;
  const long waited_ms = limit_ms("SLASH32_STDIN_MS", STDIN_MS);
  if (gathered == STDIN_TOO_LONG) (void)because(&reason, "the configuration on stdin is longer than %d bytes", STDIN_MAX);
  else if (gathered == STDIN_STAYS_OPEN) (void)because(&reason, "stdin was not closed within %ld ms", waited_ms);
  else (void)because(&reason, "stdin cannot be read");
  return refuse(request, BAD_STDIN, &reason, "the runtime must write one network configuration to stdin and close it");
}

/* Everything that is wrong with the call itself, before any controller is asked. */
static int serve(const char *command, const struct verb *verb, const struct request *request, enum gathering gathered) {
  struct reason reason;
  struct sockaddr_un address;
  if (verb == NULL) {
    (void)because(&reason, "unknown CNI_COMMAND \"%.*s\"", COMMAND_SHOWN_MAX, command);
    return refuse(request, BAD_ENVIRONMENT, &reason, "CNI_COMMAND must be ADD, DEL, CHECK, GC, STATUS or VERSION");
  }
  if (verb->serve == NULL) return say_versions(request);
  if (gathered == ENVIRONMENT_TOO_LONG) {
    (void)because(&reason, "the CNI_* variables are longer than %d bytes together", ENVIRONMENT_MAX);
    return refuse(request, BAD_ENVIRONMENT, &reason, "shorten CNI_ARGS");
  }
  if (gathered != GATHERED) return refuse_stdin(request, gathered);
  if (!socket_address(&address)) {
    (void)because(&reason, "SLASH32_SOCKET is not an absolute path of less than %zu bytes", sizeof address.sun_path);
    return refuse(request, BAD_ENVIRONMENT, &reason, "correct SLASH32_SOCKET in the runtime's environment, or unset it");
  }
  return verb->serve(verb, request, &address);
}

/*
 * A descriptor 0 to 2 that the runtime left closed would become our socket, and an answer would go where it must not. It is
 * opened the wrong way round, so that using it still fails as if it were closed.
 */
static bool settle(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
  (void)umask(077);
  return signal(SIGPIPE, SIG_IGN) != SIG_ERR;
}

int main(void) {
  struct request request;
  if (!settle()) return 1;
  const char *command = getenv("CNI_COMMAND");
  if (command == NULL || *command == '\0') return say_about();

  const struct verb *verb = find_verb(command);
  const long patience_ms = limit_ms("SLASH32_STDIN_MS", STDIN_MS);
  const bool needs_stdin = verb != NULL && verb->serve != NULL;
  const enum gathering gathered = gather(&request, in_ms(patience_ms), needs_stdin ? patience_ms : SILENCE_MS);
  return serve(command, verb, &request, gathered);
}
