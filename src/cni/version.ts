/** The versions of the CNI specification that we speak, oldest first. */
export const VERSIONS = ['0.1.0', '0.2.0', '0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof VERSIONS)[number];
export const NEWEST: CniVersion = '1.1.0';

/** Is this the text of a version we speak? */
export function isVersion(value: unknown): value is CniVersion {
  return (VERSIONS as readonly unknown[]).includes(value);
}

/** Is `version` as new as `since`, or newer? */
export function atLeast(version: CniVersion, since: CniVersion): boolean {
  return VERSIONS.indexOf(version) >= VERSIONS.indexOf(since);
}
