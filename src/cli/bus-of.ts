/** The bus behind `--nats`. @module */
import type { Bus } from '#ports/bus';
import type { Log } from '#ports/log';
import { InputFaults } from './terminal.ts';

/** A bus over the NATS server at a URL. @throws InputFaults where none answers. */
export async function openBus(url: string, name: string, log: Log): Promise<Bus> {
  const { connectNats } = await import('#adapters/nats/connect');
  try {
    return await connectNats({ url, name, log });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const fix = `${reason}; start a nats-server there or leave --nats out`;
    throw new InputFaults([{ path: '--nats', value: JSON.stringify(url), rule: 'no-server', fix }]);
  }
}
