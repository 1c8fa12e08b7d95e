/** `demo down`: removes what `demo up` made, and says what that was. */
import { Lab } from '../lab/lab.js';
import { DEMO } from './up.js';

/** Returns the exit code. */
export async function down(print: (text: string) => void): Promise<number> {
  const lab = Lab.find(DEMO);
  if (!lab) {
    print('no demo is up\n');
    return 0;
  }
  const { processes, namespaces } = await lab.down();
  print(`removed ${processes} processes and ${namespaces.length} network namespaces with their links:\n`);
  print(`  ${namespaces.join('  ')}\n`);
  return 0;
}
