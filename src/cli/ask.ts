/** Asks the controller of this node over its admin socket. */
import { request } from 'node:http';

/** @throws Error that says what to do when nobody answers */
export function ask<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, timeout: 10_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(chunks).toString()) as T & { error?: string };
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(body.error));
      });
    });
    call.on('timeout', () => call.destroy(new Error('no answer within 10 s')));
    call.on('error', (error) =>
      reject(
        new Error(
          `the controller does not answer at ${socketPath} (${error.message}); is slash32d running? See --socket`,
        ),
      ),
    );
    call.end();
  });
}
