/** A real browser for tests: $CHROMIUM, then the usual places, then the one that npm brings. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** A browser and how to end it. */
export interface RunningBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** Chromium as root refuses its sandbox; elsewhere it stays on. */
const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];

/** What must stand in the environment while the packaged browser unpacks itself. */
function packageEnvironment(folder: string): Readonly<Record<string, string>> {
  return {
    // It unpacks under a fixed name into the temporary folder; one of its own keeps runs apart.
    TMPDIR: folder,
    // With this it unpacks the libraries that a bare system lacks, and finds them.
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x',
  };
}

async function fromPackage(): Promise<RunningBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'voltherd-chromium-'));
  const before = { ...process.env };
  Object.assign(process.env, packageEnvironment(folder));
  try {
    const { default: packaged } = await import('@sparticuz/chromium');
    const executablePath = await packaged.executablePath();
    const browser = await chromium.launch({
      executablePath,
      // In one process a closed page would end the browser.
      args: [...packaged.args.filter((arg) => arg !== '--single-process'), ...asRoot],
      env: { ...before, ...process.env },
    });
    const close = async (): Promise<void> => {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    };
    return { browser, close };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
}

/** Starts a browser. @throws where none is found and none can be unpacked. */
export async function startChromium(): Promise<RunningBrowser> {
  const executablePath = places.find((place) => place !== undefined && place !== '' && existsSync(place));
  if (executablePath === undefined) return fromPackage();
  const browser = await chromium.launch({ executablePath, args: asRoot });
  return { browser, close: () => browser.close() };
}
