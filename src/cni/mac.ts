import { quoted } from '../model/quoted.js';

/** A hardware address in the kernel's form, `02:00:5e:10:00:0a`. Throws RangeError that names the text. */
export function macAddress(text: string): string {
  const mac = text.toLowerCase().replaceAll('-', ':');
  const isMac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac);
  // The lowest bit of the first byte makes it a group address, which no interface may have (IEEE 802).
  const isUnicast = isMac && (Number.parseInt(mac.slice(0, 2), 16) & 1) === 0 && mac !== '00:00:00:00:00:00';
  if (!isUnicast) {
    throw new RangeError(`not an interface's MAC address: ${quoted(text)} (expected like 02:00:5e:10:00:0a)`);
  }
  return mac;
}
