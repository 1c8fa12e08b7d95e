/** Which MAC address a runtime asks for: the same three places, and the same precedence, as for addresses. */

/** Where a request may name a MAC address. */
export interface MacWishes {
  readonly conf: {
    readonly runtimeConfig: { readonly mac: string | undefined };
    readonly argsCni: { readonly mac: string | undefined };
  };
  readonly args: { readonly mac: string | undefined };
}

/** The MAC address asked for; undefined means: any. */
export function requestedMac({ conf, args }: MacWishes): string | undefined {
  return conf.runtimeConfig.mac ?? conf.argsCni.mac ?? args.mac;
}
