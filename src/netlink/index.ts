/** What the rest of slash32 may use of this folder; README.md shows how. */
export * from './libc.js';
export * from './message.js';
export * from './netlink-error.js';
export * from './socket.js';
