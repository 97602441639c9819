/** One line of progress on standard error: redrawn on a terminal, a new line now and then elsewhere. @module */
import { printable } from './terminal.ts';

/** Shortest time between two drawings on a terminal. */
const redrawMs = 80;
/** Part of the work between two lines where nobody watches. */
const lineEvery = 0.125;
const barWidth = 24;

/** Progress that can be told and taken away. */
export interface Progress {
  /** `part` 0..1. */
  tell(part: number, text: string): void;
  /** Clears the line on a terminal. */
  end(): void;
}

/** Progress on standard error. */
export function createProgress(): Progress {
  const isTerminal = process.stderr.isTTY;
  let drawnMs = -Infinity;
  let nextLine = 0;
  return {
    tell: (part, text) => {
      if (isTerminal) {
        const nowMs = performance.now();
        if (nowMs - drawnMs < redrawMs && part < 1) return;
        drawnMs = nowMs;
        const done = Math.round(part * barWidth);
        const bar = '█'.repeat(done) + '░'.repeat(barWidth - done);
        const width = Math.max(20, (process.stderr.columns || 80) - 1);
        process.stderr.write(`\r\u001b[2K${`${bar} ${printable(text)}`.slice(0, width)}`);
      } else if (part >= nextLine) {
        nextLine = (Math.floor(part / lineEvery) + 1) * lineEvery;
        process.stderr.write(`${String(Math.round(part * 100)).padStart(3)} % ${printable(text)}\n`);
      }
    },
    end: () => {
      if (isTerminal) process.stderr.write('\r\u001b[2K');
    },
  };
}
