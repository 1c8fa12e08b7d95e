/** Asks the controller of this node over its admin socket. */
import { request } from 'node:http';

/** How a question is asked. */
export interface Asking {
  readonly method?: 'GET' | 'POST';
  /** How long the answer may take. */
  readonly seconds?: number;
}

/** What the controller answers, as plain data. @throws Error that says what to do when nobody answers */
export async function ask<T>(socketPath: string, path: string, asking: Asking = {}): Promise<T> {
  return JSON.parse(await askText(socketPath, path, asking));
}

/** The same as text. */
export function askText(
  socketPath: string,
  path: string,
  { method = 'GET', seconds = 10 }: Asking = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, method, timeout: seconds * 1000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(body);
        else reject(new Error((JSON.parse(body) as { error: string }).error));
      });
    });
    call.on('timeout', () => call.destroy(new Error(`no answer within ${seconds} s`)));
    call.on('error', (error: NodeJS.ErrnoException) => reject(new Error(whyUnanswered(socketPath, error))));
    call.end();
  });
}

/** A sentence with the remedy. */
export function whyUnanswered(socketPath: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES') return `the controller's socket ${socketPath} is root's alone; ask as root (sudo)`;
  return `the controller does not answer at ${socketPath} (${message}); is slash32d running? See --socket`;
}
