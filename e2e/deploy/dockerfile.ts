/** The image's last stage, done with what is built here instead of in its builder, and without its packages. */
import { readFileSync } from 'node:fs';
import { inRepository } from '../lab/repository.js';

/** An instruction and its words. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The Dockerfile's instructions, with lines joined that were broken. */
export function readDockerfile(): Instruction[] {
  const text = readFileSync(inRepository('Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
  const lines = text.split('\n').filter((line) => line && !line.startsWith('#'));
  return lines.map((line) => ({ name: line.split(' ')[0]!, text: line.slice(line.indexOf(' ') + 1) }));
}

/** The last stage: what is copied from where to where, and what is run. */
export function lastStage(instructions: readonly Instruction[]): readonly Instruction[] {
  return instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM') + 1);
}

/** Sources in the repository, and the absolute target, of a COPY. The builder has the same paths below the image's directory. */
export function copyOf({ text }: Instruction, workdir: string): { sources: readonly string[]; target: string } {
  const words = text.split(' ').filter((word) => !word.startsWith('--'));
  const target = words.pop()!;
  return {
    sources: words.map((source) => source.replace(`${workdir}/`, '')),
    target: target.startsWith('/') ? target : `${workdir}/${target}`,
  };
}

/** A shell script that makes the image's files where it runs, and then becomes what its arguments say. */
export function imageScript(instructions: readonly Instruction[]): string {
  const stage = lastStage(instructions);
  const workdir = stage.find(({ name }) => name === 'WORKDIR')!.text;
  const steps = stage.flatMap((instruction) => {
    if (instruction.name === 'RUN') return instruction.text.startsWith('apt-get') ? [] : [instruction.text];
    if (instruction.name !== 'COPY') return [];
    const { sources, target } = copyOf(instruction, workdir);
    return [
      `mkdir -p ${target.endsWith('/') ? target : `$(dirname ${target})`}`,
      ...sources.map((it) => place(it, target)),
    ];
  });
  return ['set -e', `mkdir -p ${workdir}`, `cd ${workdir}`, ...steps, 'exec "$@"'].join('\n');
}

/** A directory is mounted, since node_modules is large; a file is copied. */
function place(source: string, target: string): string {
  const from = inRepository(source);
  return `if [ -d ${from} ]; then mkdir -p ${target}; mount -n --bind ${from} ${target}; else cp ${from} ${target}; fi`;
}
