/** `slash32 sidecar` by itself, for tests that kill it. */
import { sidecarCommand } from '../../src/sidecar/command.js';

await sidecarCommand().parseAsync();
