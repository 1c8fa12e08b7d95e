/** `-4` or `-6`, for ping and ip. */
export function familyOption(address: string): '-4' | '-6' {
  return address.includes(':') ? '-6' : '-4';
}
