/**
 * What a compiler of BPF leaves (ELF, 64 bits, little-endian): each program is a section, and where it speaks of a map there is
 * a relocation that names it. Nothing else of such a file is looked at.
 */

/** Elf64_Ehdr, Elf64_Shdr, Elf64_Sym, Elf64_Rel (elf.h) */
const SECTIONS_AT = 0x28;
const SECTION_SIZE_AT = 0x3a;
const SECTION_COUNT_AT = 0x3c;
const SECTION_NAMES_AT = 0x3e;
const SYMBOL_SIZE = 24;
const RELOCATION_SIZE = 16;
const SHT_REL = 9;
/** In the second byte of `ld_imm64`: the number is a map's file descriptor (BPF_PSEUDO_MAP_FD). */
const PSEUDO_MAP_FD = 1;
const LD_IMM64 = 0x18;

interface Section {
  readonly name: string;
  readonly type: number;
  /** Of relocations: the sections of their symbols, and of what they change. */
  readonly link: number;
  readonly info: number;
  readonly bytes: Buffer;
}

/**
 * The instructions of a program, ready to load.
 * @param object the file
 * @param section of the program
 * @param maps file descriptors by the names that the program has for them
 * Throws RangeError when there is no such program, or when it speaks of another map.
 */
export function programIn(object: Buffer, section: string, maps: ReadonlyMap<string, number>): Buffer {
  const sections = sectionsOf(object);
  const at = sections.findIndex(({ name }) => name === section);
  if (at < 0) throw new RangeError(`the object has no section "${section}"`);
  const code = Buffer.from(sections[at]!.bytes);
  for (const { type, info, link, bytes } of sections) {
    if (type !== SHT_REL || info !== at) continue;
    const symbols = sections[link]!;
    for (let rel = 0; rel < bytes.length; rel += RELOCATION_SIZE) {
      const symbol = symbols.bytes.subarray(bytes.readUInt32LE(rel + 12) * SYMBOL_SIZE);
      const name = textAt(sections[symbols.link]!.bytes, symbol.readUInt32LE(0));
      const map = maps.get(name);
      const place = Number(bytes.readBigUInt64LE(rel));
      if (map === undefined || code[place] !== LD_IMM64) throw new RangeError(`${section} speaks of "${name}"`);
      code[place + 1] = (code[place + 1]! & 0x0f) | (PSEUDO_MAP_FD << 4);
      code.writeInt32LE(map, place + 4);
    }
  }
  return code;
}

function sectionsOf(object: Buffer): Section[] {
  if (object.readUInt32BE(0) !== 0x7f454c46) throw new RangeError('not an object file');
  const start = Number(object.readBigUInt64LE(SECTIONS_AT));
  const size = object.readUInt16LE(SECTION_SIZE_AT);
  const header = (index: number) => object.subarray(start + index * size, start + (index + 1) * size);
  const bytesOf = (section: Buffer) => {
    const at = Number(section.readBigUInt64LE(24));
    return object.subarray(at, at + Number(section.readBigUInt64LE(32)));
  };
  const names = bytesOf(header(object.readUInt16LE(SECTION_NAMES_AT)));
  return Array.from({ length: object.readUInt16LE(SECTION_COUNT_AT) }, (_, index) => {
    const section = header(index);
    return {
      name: textAt(names, section.readUInt32LE(0)),
      type: section.readUInt32LE(4),
      link: section.readUInt32LE(40),
      info: section.readUInt32LE(44),
      bytes: bytesOf(section),
    };
  });
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString('utf8', at, bytes.indexOf(0, at));
}
