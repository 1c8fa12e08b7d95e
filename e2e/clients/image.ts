/** The image of the tests: busybox and a few names for it, as \`docker save\` would write it, made without a network. */
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';

/** No registry has it, so nobody ever asks one. */
export const IMAGE = 's32.test/busybox:1';

/** Debian's busybox-static. */
export const BUSYBOX = '/bin/busybox';

const COMMANDS = ['sh', 'sleep', 'ip', 'ping', 'nc', 'cat'];
const ARCHITECTURES: Record<string, string> = { x64: 'amd64' };

/** Makes the image as one tar file; `directory` is for what it is made of. */
export async function makeImage(directory: string, file: string): Promise<void> {
  const root = `${directory}/image`;
  for (const part of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp'])
    mkdirSync(`${root}/rootfs/${part}`, { recursive: true });
  copyFileSync(BUSYBOX, `${root}/rootfs/bin/busybox`);
  for (const command of COMMANDS) symlinkSync('busybox', `${root}/rootfs/bin/${command}`);
  writeFileSync(`${root}/rootfs/etc/passwd`, 'root:x:0:0:root:/:/bin/sh\n');
  await tar(`${root}/layer.tar`, `${root}/rootfs`, ['.']);
  const layer = createHash('sha256')
    .update(readFileSync(`${root}/layer.tar`))
    .digest('hex');
  const config = {
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    os: 'linux',
    config: { Cmd: ['/bin/sleep', '100000'], Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
  };
  const manifest = [{ Config: 'config.json', RepoTags: [IMAGE], Layers: ['layer.tar'] }];
  writeFileSync(`${root}/config.json`, JSON.stringify(config));
  writeFileSync(`${root}/manifest.json`, JSON.stringify(manifest));
  await tar(file, root, ['config.json', 'manifest.json', 'layer.tar']);
  rmSync(root, { recursive: true });
}

async function tar(file: string, directory: string, names: readonly string[]): Promise<void> {
  await execa('tar', ['-C', directory, '--owner=0', '--group=0', '-cf', file, ...names]);
}
