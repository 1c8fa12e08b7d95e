/** `slash32 sidecar` by itself, for tests that kill it. */
import { sidecarCommand } from '../../src/cli/sidecar.js';

await sidecarCommand().parseAsync();
