/** What every bus must do; each adapter runs the same cases. @module */
import { describe, expect, test } from 'vitest';
import type { Bus } from '#ports/bus';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** Registers the cases. `open` gives a new client of one and the same bus. */
export function runBusCases(name: string, open: () => Promise<Bus>): void {
  const twoClients = async (): Promise<{ sender: Bus; receiver: Bus; settle: () => Promise<void> }> => {
    const sender = await open();
    const receiver = await open();
    return {
      sender,
      receiver,
      settle: async () => {
        await receiver.flush();
        await sender.flush();
        await receiver.flush();
      },
    };
  };

  describe(`bus: ${name}`, () => {
    test('a message reaches every subscriber of its subject, in order, and nobody else', async () => {
      const { sender, receiver, settle } = await twoClients();
      const seen: string[] = [];
      receiver.subscribe('a.b.*', (m) => seen.push(`star ${m.subject} ${text(m.data)}`));
      receiver.subscribe('a.>', (m) => seen.push(`rest ${m.subject} ${text(m.data)}`));
      receiver.subscribe('a.b', (m) => seen.push(`exact ${m.subject}`));
      await settle();
      sender.publish('a.b.c', bytes('1'));
      sender.publish('a.b.c', bytes('2'));
      sender.publish('b.b.c', bytes('3'));
      sender.publish('a.b.c.d', bytes('4'));
      await settle();
      expect(seen.filter((line) => line.startsWith('star'))).toEqual(['star a.b.c 1', 'star a.b.c 2']);
      expect(seen.filter((line) => line.startsWith('rest'))).toEqual([
        'rest a.b.c 1',
        'rest a.b.c 2',
        'rest a.b.c.d 4',
      ]);
      expect(seen.filter((line) => line.startsWith('exact'))).toEqual([]);
      await sender.close();
      await receiver.close();
    });

    test('a text goes as its UTF-8', async () => {
      const { sender, receiver, settle } = await twoClients();
      const seen: string[] = [];
      receiver.subscribe('t', (m) => {
        // A copy with other bytes has no text of before.
        const copy = { ...m, data: bytes('other') };
        seen.push(text(m.data), m.text ?? text(m.data), copy.text ?? text(copy.data));
      });
      await settle();
      sender.publish('t', '{"kW":"Grün €"}');
      await settle();
      expect(seen).toEqual(['{"kW":"Grün €"}', '{"kW":"Grün €"}', 'other']);
      await sender.close();
      await receiver.close();
    });

    test('a value goes as its text', async () => {
      const { sender, receiver, settle } = await twoClients();
      const seen: string[] = [];
      receiver.subscribe('t', (m) => {
        const copy = { ...m, data: bytes('other') };
        seen.push(
          text(m.data),
          JSON.stringify(m.value ?? JSON.parse(text(m.data))),
          copy.text ?? text(copy.data),
        );
        expect(copy.value).toBeUndefined();
      });
      await settle();
      sender.publish('t', { value: { kW: 1 }, text: '{"kW":1}' });
      await settle();
      expect(seen).toEqual(['{"kW":1}', '{"kW":1}', 'other']);
      await sender.close();
      await receiver.close();
    });

    test('after flush, what was published before it has been handled', async () => {
      const { sender, receiver, settle } = await twoClients();
      let count = 0;
      receiver.subscribe('n', () => count++);
      await settle();
      for (let i = 0; i < 2000; i++) sender.publish('n', bytes(String(i)));
      await settle();
      expect(count).toBe(2000);
      await sender.close();
      await receiver.close();
    });

    test('a request is answered, and one that nobody listens to fails at once', async () => {
      const { sender, receiver, settle } = await twoClients();
      receiver.subscribe('double', (m) => m.respond?.(bytes(String(2 * Number(text(m.data))))));
      await settle();
      expect(text(await sender.request('double', bytes('21'), 5))).toBe('42');
      await expect(sender.request('nobody', bytes(''), 5)).rejects.toThrow('nobody listens');
      await sender.close();
      await receiver.close();
    });

    test('an ended subscription hears nothing more', async () => {
      const { sender, receiver, settle } = await twoClients();
      let count = 0;
      const subscription = receiver.subscribe('n', () => count++);
      await settle();
      sender.publish('n', bytes(''));
      await settle();
      subscription.unsubscribe();
      sender.publish('n', bytes(''));
      await settle();
      expect(count).toBe(1);
      await sender.close();
      await receiver.close();
    });

    test.each(['', 'a..b', 'a.*', '>', 'a b', '.a'])(
      'the subject "%s" cannot be published to',
      async (subject) => {
        const bus = await open();
        expect(() => bus.publish(subject, bytes(''))).toThrow('a subject has plain tokens');
        await bus.close();
      },
    );

    test('a message above 1 MiB is refused at the publisher', async () => {
      const bus = await open();
      expect(() => bus.publish('n', new Uint8Array(1_048_577))).toThrow('a message fits');
      expect(() => bus.publish('n', 'é'.repeat(524_289))).toThrow('a message fits');
      await bus.close();
    });
  });
}
