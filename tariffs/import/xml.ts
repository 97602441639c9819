/** XML texts as nested nodes, without attributes' prefixes and namespaces. The only user of fast-xml-parser. @module */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import type { Fault } from '#domain/fault';
import { fail, ok, type Result } from '#domain/result';
import { fault } from '../faults.ts';

/** An element: children by name; `#text` its text, `@name` its attributes. */
export type XmlNode = Readonly<Record<string, unknown>>;

/** Largest text that is read: a year of quarter hours of Green Button takes 15 MB. */
const xmlCharsMax = 64 * 1024 * 1024;

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The document of a text; entities other than the five of XML are not expanded. */
export function parseXml(text: string): Result<XmlNode, readonly Fault[]> {
  if (text.length > xmlCharsMax) {
    return fail([fault('', `${text.length} characters`, 'too-large', `At most ${xmlCharsMax} characters.`)]);
  }
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    return fail([fault('', verdict.err.msg, 'not-xml', `Correct the XML at line ${verdict.err.line}.`)]);
  }
  const parser = new XMLParser({
    removeNSPrefix: true,
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    trimValues: true,
    processEntities: false,
  });
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch (error) {
    // The parser refuses a few texts that its validator lets pass, like a declaration that is not closed.
    const found = error instanceof Error ? error.message : undefined;
    return fail([fault('', found, 'not-xml', 'Correct the XML.')]);
  }
  return isNode(parsed) ? ok(parsed) : fail([fault('', undefined, 'not-xml', 'Give an XML document.')]);
}

/** All children of a name, in order; texts stand as nodes with `#text`. */
export function childrenOf(node: XmlNode | undefined, name: string): readonly XmlNode[] {
  const value = node?.[name];
  const list: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.map((one) => (isNode(one) ? one : { '#text': String(one) }));
}

/** Text of the first child of a name, spaces around it taken off; undefined where there is none. */
export function textOf(node: XmlNode | undefined, name: string): string | undefined {
  const child = childrenOf(node, name)[0];
  const text = child?.['#text'];
  return typeof text === 'string' || typeof text === 'number' ? String(text).trim() : undefined;
}

/** An attribute of a node. */
export function attributeOf(node: XmlNode, name: string): string | undefined {
  const value = node[`@${name}`];
  return typeof value === 'string' ? value : undefined;
}
