/* SPDX-License-Identifier: Apache-2.0 */
/* Every limit of the forwarder, named once. PROTOCOL.md says who answers when one is exceeded. */
#ifndef SLASH32_LIMITS_H
#define SLASH32_LIMITS_H

/* Sizes, in bytes. */
#define STDIN_MAX (1024 * 1024)
#define ENVIRONMENT_MAX (64 * 1024) /* the CNI_* variables together */
#define HEADER_MAX 64               /* with its newline */
#define ANSWER_MAX (1024 * 1024)    /* the document, without the header */
#define VERSION_MAX 16              /* a cniVersion worth repeating */
#define COMMAND_SHOWN_MAX 32        /* how much of an unknown command is repeated */

/* Times, in milliseconds. The first four can be overridden by variables of the same name: SLASH32_CONNECT_MS=0. */
#define STDIN_MS 10000   /* until stdin is closed */
#define CONNECT_MS 10000 /* until a controller listens, or lets go of the lock */
#define ANSWER_MS 30000  /* from the first byte of the request to the last byte of the answer */
#define STDOUT_MS 10000  /* until the answer is taken */
#define STATUS_ANSWER_MS 5000 /* a runtime's health loop waits for STATUS, so it never waits long */
#define SILENCE_MS 200        /* VERSION takes a stdin that is quiet for so long as complete */
#define RETRY_MS 100          /* between two tries to connect, or to take the lock */
#define OVERRIDE_MAX_MS 600000

/* Counts. */
#define NESTING_MAX 64 /* levels of JSON in an answer */
#define TOMBSTONES_MAX 10000

#endif
