/** Documents from files and standard input. @module */
import { readFileSync } from 'node:fs';
import { readDocument, type TextDocument } from '#adapters/yaml-document';
import type { Fault } from '#domain/fault';
import { complain, InputFaults } from './terminal.ts';

const reasons: Readonly<Record<string, readonly [rule: string, fix: string]>> = {
  ENOENT: ['no-file', 'give the path of a file that exists'],
  EISDIR: ['not-a-file', 'give a file, not a folder'],
  EACCES: ['not-readable', 'give yourself the right to read it'],
};

/** The fault of a file that cannot be read. */
export function fileFault(file: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const [rule, fix] = reasons[code] ?? ['not-readable', `the system says ${code}`];
  return { path: '', file, rule, fix };
}

/** The text of a file, UTF-8. @throws InputFaults */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InputFaults([fileFault(file, error)]);
  }
}

/** All of standard input as UTF-8 text. */
export async function readStandardInput(): Promise<string> {
  if (process.stdin.isTTY) complain('reading a document from standard input; end with Ctrl-D');
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The document of a file, or of standard input where none is named. @throws InputFaults */
export async function readSource(file: string | undefined): Promise<TextDocument> {
  const isInput = file === undefined || file === '-';
  const text = isInput ? await readStandardInput() : readText(file);
  // One line of JSON needs no line number; a text over several lines does.
  const name = isInput ? (text.trim().includes('\n') ? 'stdin' : undefined) : file;
  const outcome = readDocument(text, name);
  if (!outcome.ok) throw new InputFaults(outcome.problem);
  return outcome.value;
}
