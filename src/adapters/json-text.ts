/**
 * Where things stand in a JSON text: the line of a path, double keys, and the place of a syntax error. `JSON.parse`
 * makes the value; it keeps the last of two equal keys in silence and tells no lines. Source: RFC 8259.
 * @module
 */

/** Deepest nesting that is read. */
export const jsonDepthMax = 100;

/** What is wrong with a JSON text, and where. */
export interface JsonTrouble {
  readonly kind: 'syntax' | 'double-key' | 'reserved-key' | 'too-deep' | 'not-finite';
  readonly offset: number;
  readonly path: readonly (string | number)[];
  readonly found: string;
}

/** What stands at `offset`: the number itself where it is one, else the next few characters. */
function foundAt(text: string, offset: number, kind: JsonTrouble['kind']): string {
  const next = text.slice(offset, offset + 20);
  return kind === 'not-finite' ? (/^[-+.\dEe]+/.exec(next)?.[0] ?? next) : next;
}

interface Frame {
  readonly kind: 'object' | 'array';
  readonly keys: Set<string>;
  key: string | number;
}

/** Called at the start of each value, with its path and the offset of its key (in an object) or of itself. */
type OnValue = (path: () => readonly (string | number)[], depth: number, offset: number) => void;

const blank = /[ \t\r\n]*/y;
const stringForm = /"(?:[^"\\\u0000-\u001f]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalarForm = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;

/** Words that would reach the prototype of an object. */
export const reservedKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

class Scanner {
  private at = 0;
  private readonly stack: Frame[] = [];
  private readonly text: string;
  private readonly onValue: OnValue | undefined;

  constructor(text: string, onValue: OnValue | undefined) {
    this.text = text;
    this.onValue = onValue;
  }

  private readonly path = (): readonly (string | number)[] => this.stack.map((frame) => frame.key);

  private trouble(kind: JsonTrouble['kind'], offset: number = this.at): JsonTrouble {
    return { kind, offset, path: this.path(), found: foundAt(this.text, offset, kind) };
  }

  private take(form: RegExp): string | undefined {
    form.lastIndex = this.at;
    const match = form.exec(this.text)?.[0];
    if (match !== undefined) this.at += match.length;
    return match;
  }

  private takeChar(char: string): boolean {
    this.take(blank);
    if (this.text[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  /** Reads `"key":` of the innermost object. */
  private takeKey(frame: Frame): JsonTrouble | number {
    this.take(blank);
    const offset = this.at;
    const token = this.take(stringForm);
    if (token === undefined) return this.trouble('syntax');
    const key = JSON.parse(token) as string;
    frame.key = key;
    if (reservedKeys.has(key)) return this.trouble('reserved-key', offset);
    if (frame.keys.has(key)) return this.trouble('double-key', offset);
    frame.keys.add(key);
    return this.takeChar(':') ? offset : this.trouble('syntax');
  }

  /** Reads one value up to the end of a scalar or the opening of a container. */
  private takeValue(keyOffset: number | undefined): JsonTrouble | 'opened' | 'done' {
    this.take(blank);
    this.onValue?.(this.path, this.stack.length, keyOffset ?? this.at);
    const char = this.text[this.at];
    if (char === '{' || char === '[') {
      if (this.stack.length >= jsonDepthMax) return this.trouble('too-deep');
      this.at += 1;
      const isObject = char === '{';
      this.stack.push({ kind: isObject ? 'object' : 'array', keys: new Set(), key: isObject ? '' : 0 });
      return 'opened';
    }
    if (char === '"') return this.take(stringForm) === undefined ? this.trouble('syntax') : 'done';
    const offset = this.at;
    const scalar = this.take(scalarForm);
    if (scalar === undefined) return this.trouble('syntax');
    return /^-?\d/.test(scalar) && !Number.isFinite(Number(scalar))
      ? this.trouble('not-finite', offset)
      : 'done';
  }

  /** Closes finished containers; afterwards either a comma was read or the stack is empty. */
  private afterValue(): JsonTrouble | undefined {
    for (let frame = this.stack.at(-1); frame !== undefined; frame = this.stack.at(-1)) {
      if (this.takeChar(',')) {
        if (typeof frame.key === 'number') frame.key += 1;
        return undefined;
      }
      if (!this.takeChar(frame.kind === 'object' ? '}' : ']')) return this.trouble('syntax');
      this.stack.pop();
    }
    return undefined;
  }

  run(): JsonTrouble | undefined {
    let opened = false;
    do {
      const frame = this.stack.at(-1);
      if (opened && frame !== undefined && this.takeChar(frame.kind === 'object' ? '}' : ']')) {
        this.stack.pop();
        opened = false;
      } else {
        const offset = frame?.kind === 'object' ? this.takeKey(frame) : undefined;
        if (typeof offset === 'object') return offset;
        const outcome = this.takeValue(offset);
        if (typeof outcome === 'object') return outcome;
        opened = outcome === 'opened';
        if (opened) continue;
      }
      const trouble = this.afterValue();
      if (trouble !== undefined) return trouble;
    } while (this.stack.length > 0);
    this.take(blank);
    return this.at < this.text.length ? this.trouble('syntax') : undefined;
  }
}

/** The first thing wrong with a JSON text; undefined where `JSON.parse` takes it and no key stands twice. */
export function troubleOfJson(text: string): JsonTrouble | undefined {
  return new Scanner(text, undefined).run();
}

/** The offset of the value at a path, or of its deepest ancestor that exists. */
export function offsetInJson(text: string, path: readonly (string | number)[]): number {
  let best = 0;
  let bestDepth = 0;
  const scanner = new Scanner(text, (current, depth, offset) => {
    if (depth <= bestDepth || depth > path.length) return;
    if (current().every((key, i) => key === path[i])) {
      best = offset;
      bestDepth = depth;
    }
  });
  scanner.run();
  return best;
}
