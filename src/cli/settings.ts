/** Settings of `serve` and `station`: from options, or one document on standard input where options do not suffice. @module */
import type { z } from 'zod';
import { placeFaults, readDocument, type TextDocument } from '#adapters/yaml-document';
import { settingsOf } from '#operations/settings';
import { readStandardInput } from './source.ts';
import { InputFaults } from './terminal.ts';

const nothing: TextDocument = { value: {}, file: undefined, lineOf: () => 1 };

/** The document on standard input; empty input is one without fields. @throws InputFaults */
async function settingsInput(): Promise<TextDocument> {
  const text = await readStandardInput();
  if (text.trim() === '') return nothing;
  const read = readDocument(text, text.trim().includes('\n') ? 'stdin' : undefined);
  if (!read.ok) throw new InputFaults(read.problem);
  return read.value;
}

/** Settings with their document. @throws InputFaults */
export async function readSettings<T>(
  schema: z.ZodType<T>,
  options: Readonly<Record<string, unknown>>,
  required: readonly string[],
): Promise<{ readonly settings: T; readonly document: TextDocument }> {
  const isEnough = required.every((name) => options[name] !== undefined);
  const document = isEnough ? nothing : await settingsInput();
  const settings = settingsOf(schema, document.value, options);
  if (!settings.ok) throw new InputFaults(placeFaults(settings.problem, document));
  return { settings: settings.value, document };
}
