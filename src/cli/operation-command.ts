/** The door from the command line to a pure operation of the catalogue. @module */
import { createInterface } from 'node:readline';
import { tariffDocument, tariffIds } from '#adapters/tariff-catalogue';
import { placeFaults, readDocument } from '#adapters/yaml-document';
import type { Fault } from '#domain/fault';
import { invoke, schemasOf } from '#operations/invoke';
import type { LiveOperation, Operation, OperationContext } from '#operations/operation';
import { readSource } from './source.ts';
import { emit, InputFaults, isTerminal } from './terminal.ts';

/** Options of every pure operation. */
export interface OperationOptions {
  readonly json?: boolean;
  readonly jsonl?: boolean;
  readonly schema?: boolean;
  readonly example?: boolean;
}

function jsonOf(value: unknown): string {
  return `${JSON.stringify(value, null, isTerminal ? 2 : 0)}\n`;
}

function contextNow(): OperationContext {
  return { nowS: Math.floor(Date.now() / 1000), nowMs: () => performance.now(), tariffDocument, tariffIds };
}

/** Answers line by line in order; a line with faults gives `{"problems":[...]}` and the next goes on. */
async function answerLines(operation: Operation): Promise<void> {
  const body = await operation.load();
  const context = contextNow();
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const problems = (faults: readonly Fault[]): unknown => ({ problems: faults });
    const document = readDocument(line);
    const outcome = document.ok ? await invoke(body, document.value.value, context) : document;
    await emit(`${JSON.stringify(outcome.ok ? outcome.value : problems(outcome.problem))}\n`);
  }
}

/** Writes the example or the schemas where they are asked for; whether they were. */
export async function shownForm(
  operation: Operation | LiveOperation,
  options: Pick<OperationOptions, 'example' | 'schema'>,
): Promise<boolean> {
  if (options.example === true) await emit(`${JSON.stringify(operation.example, null, 2)}\n`);
  else if (options.schema === true)
    await emit(`${JSON.stringify(schemasOf(await operation.load()), null, 2)}\n`);
  else return false;
  return true;
}

/** Runs a pure operation on a file or standard input. @throws InputFaults */
export async function runOperation(
  operation: Operation,
  file: string | undefined,
  options: OperationOptions,
): Promise<void> {
  if (await shownForm(operation, options)) return;
  if (options.jsonl === true) return answerLines(operation);
  const [document, body] = await Promise.all([readSource(file), operation.load()]);
  const outcome = await invoke(body, document.value, contextNow());
  if (!outcome.ok) throw new InputFaults(placeFaults(outcome.problem, document));
  if (options.json === true) return emit(jsonOf(outcome.value));
  const { presentationOf } = await import('./present.ts');
  return emit(presentationOf(operation.name, outcome.value));
}
