/** IPAM plugins that fail, dawdle or talk too much: a few lines of shell on CNI_PATH. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A plugin, and what it noted. */
export interface ScriptedIpam extends Disposable {
  /** For `ipam.type`. */
  readonly type: string;
  readonly directory: string;
  /** The verbs it was called with, in order, without VERSION. */
  calls(): string[];
  /** Has it reserved something that no DEL took back? */
  isReserved(): boolean;
  /** Makes it look so, for a script that waits for that. */
  reserve(): void;
}

/** Makes one that runs `onAdd` and `onDel`, lines of shell in which $RESERVED is a file. */
export function scriptedIpam(onAdd: string, onDel: string): ScriptedIpam {
  const directory = mkdtempSync(join(tmpdir(), 's32-conformance-ipam-'));
  const [program, calls, reserved] = ['s32-ipam', 'calls', 'reserved'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const script = `#!/bin/sh
PATH=/usr/bin:/bin RESERVED=${reserved}
cat >/dev/null
[ "$CNI_COMMAND" = VERSION ] || echo "$CNI_COMMAND" >> ${calls}
case "$CNI_COMMAND" in
  VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0"]}' ;;
  ADD) ${onAdd} ;;
  DEL) ${onDel} ;;
esac
`;
  writeFileSync(program, script);
  chmodSync(program, 0o755);
  return {
    ...{ type: 's32-ipam', directory },
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
    isReserved: () => existsSync(reserved),
    reserve: () => writeFileSync(reserved, ''),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A line of shell that answers with a CNI error. */
export function failing(code: number, msg: string): string {
  return `echo '${JSON.stringify({ cniVersion: '1.0.0', code, msg })}'; exit 1`;
}
