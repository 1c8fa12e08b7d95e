/** Running nft, for what is written as text: one transaction, all of it or nothing. */
import { ExecaError, execa } from 'execa';

/** Hands a generated ruleset to nft. Throws with nft's own words when it is refused. */
export async function runNft(ruleset: string): Promise<void> {
  try {
    await execa('nft', ['-f', '-'], { input: ruleset, timeout: 30_000, env: { LC_ALL: 'C' } });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const reason =
      error.code === 'ENOENT' ? 'nft is not installed (package nftables)' : error.stderr || error.shortMessage;
    throw new Error(`nft refused the filters: ${reason}`, { cause: error });
  }
}
