import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compare } from '#whatif/comparison';
import { reportOf } from '#whatif/report/report';
import type { NightResult } from '#sim/night-result';
import { quietNight, scenarioFrom, simpleBill, simpleTariff } from '../whatif/night-fixture.ts';
import { startChromium, type RunningBrowser } from './chromium.ts';
import { rootPath } from './process.ts';

const folder = mkdtempSync(join(tmpdir(), 'voltherd-report-'));
const scenario = scenarioFrom(join(rootPath, 'scenarios', '010-last-mile-44', 'scenario.yaml'));
const night = quietNight(scenario);
const hostile = '<img src=x onerror="document.title=1">&"\'</script><script>document.title=2</script>';
let running: RunningBrowser;

function reportFile(name: string, of: NightResult): string {
  const file = join(folder, name);
  const comparison = compare(scenario, of, simpleBill);
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
  const tariff = simpleTariff(of.siteLoad, of.scenario.startS);
  writeFileSync(
    file,
    reportOf({ night: of, comparison, tariff, tariffName: 'Test tariff', version: '0', sha256 }),
  );
  return file;
}

beforeAll(async () => {
  running = await startChromium();
});

afterAll(async () => {
  await running.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens a report; everything that the page complains about or fetches is listed. */
async function opened(
  file: string,
  width = 1280,
): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
  const page = await running.browser.newPage({ viewport: { width, height: 900 } });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|data):/.test(request.url())) requests.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, requests };
}

describe('the report of a night', () => {
  test('opens without a complaint and without a network, and fits 1280 pixels', async () => {
    const { page, complaints, requests } = await opened(reportFile('night.html', night));
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    expect(await page.title()).toContain(scenario.title);
    const overhang = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overhang).toBe(0);
    await page.close();
  });

  test('shows the limit, a row for every connector, three bills, circuits, verdicts and proofs', async () => {
    const { page } = await opened(reportFile('night.html', night));
    expect(await page.locator('path.limit').count()).toBe(1);
    const rows = await page.locator('svg text.name').allTextContents();
    expect(rows).toHaveLength(44);
    expect(rows).toEqual(expect.arrayContaining(['N1-01', 'S2-06', 'DC-1/2']));
    expect(await page.locator('g.visit').count()).toBe(68);
    expect(await page.locator('rect.comms').count()).toBe(8);
    // The engine's outage stands in the site chart and over the connectors.
    expect(await page.locator('rect.down').count()).toBe(2);
    expect(await page.locator('line.sunk').count()).toBe(2);
    const text = await page.locator('main').textContent();
    for (const part of [
      'unmanaged',
      'first come, first served',
      'facilities',
      'summer-off-peak',
      'over-limit',
      'N1-07/1',
      'never exceeded',
    ])
      expect(text).toContain(part);
    expect(text).toContain('This night could not have happened under unmanaged');
    await page.close();
  });

  test('tells the power under the pointer', async () => {
    const { page } = await opened(reportFile('night.html', night));
    const box = await page.locator('#hover').boundingBox();
    // Three quarters of an hour after 15:00 on an axis of 17 h.
    await page.mouse.move((box?.x ?? 0) + ((box?.width ?? 0) * 0.75) / 17, (box?.y ?? 0) + 50);
    const readout = await page.locator('#readout').textContent();
    expect(readout).toMatch(/^15:4[2-8] {1,2}site [\d.]+ kW of 335\.0 kW: building 52\.0 kW, panel-n1 /);
    await page.close();
  });

  test('text from outside stays text', async () => {
    const bad: NightResult = {
      ...night,
      scenario: { ...night.scenario, title: hostile, description: hostile },
      visits: night.visits.map((visit) => ({ ...visit, vehicleId: hostile })),
      evses: night.evses.map((evse) => ({ ...evse, model: hostile, circuit: hostile })),
      verdicts: [
        {
          atS: night.scenario.startS,
          tail: 'out.verdict',
          payload: { kind: hostile, key: hostile, evidence: hostile },
        },
      ],
      alarms: [
        {
          atS: night.scenario.startS,
          tail: 'out.alarm',
          payload: { kind: hostile, key: hostile, facts: { a: hostile } },
        },
      ],
      plans: [
        {
          atS: night.scenario.startS,
          tail: 'out.plan',
          payload: { triggers: [hostile], proof: { status: hostile, solver: hostile } },
        },
      ],
      expectations: [{ name: hostile, expected: hostile, found: hostile, met: false }],
    };
    const { page, complaints } = await opened(reportFile('bad.html', bad));
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe(`${hostile} · Voltherd`);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    await page.close();
  });

  test('a night with nothing in it is shown too', async () => {
    const empty: NightResult = {
      ...night,
      visits: [],
      plans: [],
      verdicts: [],
      alarms: [],
      comms: [],
      engineDown: [],
      expectations: [],
    };
    const { page, complaints } = await opened(reportFile('empty.html', empty));
    expect(complaints).toEqual([]);
    expect(await page.locator('main').textContent()).not.toMatch(/NaN|undefined|Infinity/);
    await page.close();
  });

  test('a crossed limit is told as such', async () => {
    const startS = night.scenario.startS;
    const crossed: NightResult = {
      ...night,
      violations: [
        {
          circuit: 'panel-n1',
          phase: 0,
          fromS: startS,
          untilS: startS + 60,
          load: 140,
          limit: 125,
          unit: 'A',
          atS: startS,
        },
      ],
    };
    const { page } = await opened(reportFile('crossed.html', crossed));
    expect(await page.locator('.tile.bad').first().textContent()).toContain('panel-n1');
    expect(await page.locator('b.bad', { hasText: 'crossed' }).count()).toBe(1);
    await page.close();
  });
});

test('a dark screen gets a dark page', async () => {
  const page = await running.browser.newPage({ colorScheme: 'dark' });
  await page.goto(pathToFileURL(reportFile('night.html', night)).href);
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(14, 20, 26)');
  await page.close();
});
