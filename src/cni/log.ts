/** Where this module's lines go. A winston logger is one. */
export interface Log {
  info(message: string, facts?: object): unknown;
  warn(message: string, facts?: object): unknown;
  error(message: string, facts?: object): unknown;
}
