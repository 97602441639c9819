/** JSON text to bytes and back without a platform's help. Source: RFC 3629. @module */

/** The bytes of a text of ASCII alone; undefined where it has other characters. */
function asciiOf(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0x80) return undefined;
    bytes[i] = code;
  }
  return bytes;
}

/** The UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function utf8Of(text: string): Uint8Array {
  const ascii = asciiOf(text);
  if (ascii !== undefined) return ascii;
  const bytes: number[] = [];
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0xfffd;
    const code = point >= 0xd800 && point <= 0xdfff ? 0xfffd : point;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63));
      bytes.push(0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(bytes);
}

/** Continuation bytes and lowest code point of a lead byte; undefined for a byte that cannot lead. */
function leadOf(byte: number): { more: number; bits: number; least: number } | undefined {
  if (byte < 0x80) return { more: 0, bits: byte, least: 0 };
  if (byte >= 0xc2 && byte < 0xe0) return { more: 1, bits: byte & 31, least: 0x80 };
  if (byte >= 0xe0 && byte < 0xf0) return { more: 2, bits: byte & 15, least: 0x800 };
  if (byte >= 0xf0 && byte < 0xf5) return { more: 3, bits: byte & 7, least: 0x10000 };
  return undefined;
}

function isAscii(bytes: Uint8Array): boolean {
  // A call for each byte would take longer than all the rest.
  let all = 0;
  for (let i = 0; i < bytes.length; i++) all |= bytes[i] ?? 0;
  return all < 0x80;
}

/** Eight characters at a time, which is several times as fast as one, and as a spread of a view. */
function textOfAscii(bytes: Uint8Array): string {
  const at = (i: number): number => bytes[i] ?? 0;
  let text = '';
  let i = 0;
  for (; i + 8 <= bytes.length; i += 8)
    text += String.fromCharCode(
      at(i),
      at(i + 1),
      at(i + 2),
      at(i + 3),
      at(i + 4),
      at(i + 5),
      at(i + 6),
      at(i + 7),
    );
  for (; i < bytes.length; i++) text += String.fromCharCode(at(i));
  return text;
}

/** The text of UTF-8 bytes; undefined where they are not UTF-8 (overlong forms and surrogates included). */
export function textOfUtf8(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return textOfAscii(bytes);
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const lead = leadOf(bytes[i] ?? 0xff);
    if (lead === undefined) return undefined;
    let code = lead.bits;
    for (let k = 0; k < lead.more; k++) {
      const next = bytes[++i];
      if (next === undefined || (next & 0xc0) !== 0x80) return undefined;
      code = (code << 6) | (next & 63);
    }
    if (code < lead.least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    parts.push(String.fromCodePoint(code));
  }
  return parts.join('');
}
