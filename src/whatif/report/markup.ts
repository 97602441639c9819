/** Markup in which every value is escaped unless it is markup itself. @module */

/** A piece of finished HTML or SVG. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template. */
export type Content = string | number | Markup | readonly Content[] | undefined;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that is text in HTML, in SVG and in a quoted attribute; control characters become blanks. */
export function escaped(text: string): string {
  return text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, ' ')
    .replace(/[&<>"']/g, (char) => entities[char] ?? '');
}

function textOf(content: Content): string {
  if (content === undefined) return '';
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(Math.round(content * 100) / 100);
  if ('markup' in content) return content.markup;
  return content.map(textOf).join('');
}

/** A template whose values are escaped; numbers keep two decimals. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: strings.map((piece, i) => piece + textOf(values[i])).join('') };
}

/** A JSON value as text that may stand inside a script element. */
export function scriptJson(value: unknown): Markup {
  return {
    markup: JSON.stringify(value).replace(
      /[<>&\u2028\u2029]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  };
}
