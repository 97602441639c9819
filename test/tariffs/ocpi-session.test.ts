import { describe, expect, test } from 'vitest';
import { parseOcpiTariff, tariffOfOcpi } from '#tariffs/import/ocpi';
import { ocpiSessionBillOf, type OcpiSession } from '#tariffs/ocpi-session';
import { faultsOf, valueOf } from './builders.ts';

type Component = { type: string; price: number; vat?: number; step_size?: number };
type Element = { price_components: Component[]; restrictions?: Record<string, unknown> };

const tariff = (elements: Element[], rest: Record<string, unknown> = {}): ReturnType<typeof make> =>
  make(elements, rest);
function make(elements: Element[], rest: Record<string, unknown>) {
  return valueOf(parseOcpiTariff({ id: '1', currency: 'EUR', elements, ...rest }));
}

function totals(
  elements: Element[],
  segments: OcpiSession['segments'],
  rest: Record<string, unknown> & { localStart?: string } = {},
): readonly [excl: number, incl: number] {
  const { localStart = '2019-06-03T09:30', ...more } = rest;
  const bill = valueOf(
    ocpiSessionBillOf(tariff(elements, more), { tz: 'Europe/Amsterdam', localStart, segments }),
  );
  return [bill.exclVat, bill.inclVat];
}

const energy = { type: 'ENERGY', price: 0.25, vat: 10, step_size: 1 };
const start = { type: 'FLAT', price: 0.5, vat: 20, step_size: 1 };

describe('the examples of the specification', () => {
  test('0.25 per kWh', () => {
    expect(totals([{ price_components: [energy] }], [{ kind: 'charge', minutes: 60, kwh: 20 }])).toEqual([
      5, 5.5,
    ]);
  });

  test('start fee and parking by the quarter hour', () => {
    const park = { type: 'PARKING_TIME', price: 2, vat: 20, step_size: 900 };
    expect(
      totals(
        [{ price_components: [start, energy, park] }],
        [
          { kind: 'charge', minutes: 60, kwh: 20 },
          { kind: 'park', minutes: 40 },
        ],
      ),
    ).toEqual([7, 7.9]);
  });

  test('least and highest price come last, with and without VAT', () => {
    const min = { min_price: { excl_vat: 0.5, incl_vat: 0.55 } };
    expect(totals([{ price_components: [energy] }], [{ kind: 'charge', minutes: 5, kwh: 1 }], min)).toEqual([
      0.5, 0.55,
    ]);
    const max = { max_price: { before_taxes: 10, after_taxes: 11 } };
    const elements = [{ price_components: [start, energy] }];
    expect(totals(elements, [{ kind: 'charge', minutes: 60, kwh: 50 }], max)).toEqual([10, 11]);
    expect(totals(elements, [{ kind: 'charge', minutes: 60, kwh: 30 }], max)).toEqual([8, 8.85]);
  });

  test('3 per hour of charging, 5 per hour of parking', () => {
    const elements = [
      {
        price_components: [
          { type: 'TIME', price: 3, vat: 10, step_size: 60 },
          { type: 'PARKING_TIME', price: 5, vat: 20, step_size: 300 },
        ],
      },
    ];
    expect(
      totals(elements, [
        { kind: 'charge', minutes: 150, kwh: 10 },
        { kind: 'park', minutes: 42 },
      ]),
    ).toEqual([11.25, 12.75]);
  });

  const complex: Element[] = [
    { price_components: [{ type: 'FLAT', price: 2.5, vat: 15, step_size: 1 }] },
    {
      price_components: [{ type: 'TIME', price: 1, vat: 20, step_size: 900 }],
      restrictions: { max_current: 32 },
    },
    {
      price_components: [{ type: 'TIME', price: 2, vat: 20, step_size: 600 }],
      restrictions: {
        min_current: 32,
        day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'],
      },
    },
    {
      price_components: [{ type: 'TIME', price: 1.25, vat: 20, step_size: 600 }],
      restrictions: { min_current: 32, day_of_week: ['SATURDAY', 'SUNDAY'] },
    },
    {
      price_components: [{ type: 'PARKING_TIME', price: 5, vat: 10, step_size: 300 }],
      restrictions: {
        start_time: '09:00',
        end_time: '18:00',
        day_of_week: ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY'],
      },
    },
    {
      price_components: [{ type: 'PARKING_TIME', price: 6, vat: 10, step_size: 300 }],
      restrictions: { start_time: '10:00', end_time: '17:00', day_of_week: ['SATURDAY'] },
    },
  ];

  test('Saturday: 114 min above 32 A, then 71 min of parking; only what the session ends with is rounded up', () => {
    // 2.50 + 1.9 h x 1.25 + 75 min x 6 = 2.50 + 2.375 + 7.50; with VAT 2.875 + 2.85 + 8.25.
    expect(
      totals(
        complex,
        [
          { kind: 'charge', minutes: 114, kwh: 30, amps: 43 },
          { kind: 'park', minutes: 71 },
        ],
        { localStart: '2019-06-08T13:30' },
      ),
    ).toEqual([12.375, 13.975]);
  });

  test('Monday: 147 min at 16 A, then 42 min of parking', () => {
    // 2.50 + 2.45 h x 1.00 + 45 min x 5 = 2.50 + 2.45 + 3.75; with VAT 2.875 + 2.94 + 4.125.
    expect(
      totals(complex, [
        { kind: 'charge', minutes: 147, kwh: 10, amps: 16 },
        { kind: 'park', minutes: 42 },
      ]),
    ).toEqual([8.7, 9.94]);
  });

  test('a current that a restriction asks for must be given', () => {
    expect(
      faultsOf(
        ocpiSessionBillOf(tariff(complex), {
          tz: 'Europe/Amsterdam',
          localStart: '2019-06-03T09:30',
          segments: [{ kind: 'charge', minutes: 147, kwh: 10 }],
        }),
      ),
    ).toEqual(['session.segments[0].amps: missing-field']);
  });

  test('the first kWh is free, the first hour of parking too', () => {
    const elements: Element[] = [
      { price_components: [{ type: 'ENERGY', price: 0, step_size: 1 }], restrictions: { max_kwh: 1 } },
      { price_components: [{ type: 'ENERGY', price: 0.2, step_size: 1 }], restrictions: { min_kwh: 1 } },
      {
        price_components: [{ type: 'PARKING_TIME', price: 0, step_size: 60 }],
        restrictions: { max_duration: 3600 },
      },
      {
        price_components: [{ type: 'PARKING_TIME', price: 2, step_size: 60 }],
        restrictions: { min_duration: 3600, max_duration: 14400 },
      },
      {
        price_components: [{ type: 'PARKING_TIME', price: 3, step_size: 60 }],
        restrictions: { min_duration: 14400 },
      },
    ];
    // 19 kWh x 0.20 + 1.75 h x 2.00; the session's own duration counts, so charging takes no time here.
    expect(
      totals(elements, [
        { kind: 'charge', minutes: 0, kwh: 20 },
        { kind: 'park', minutes: 165 },
      ])[0],
    ).toBe(7.3);
  });

  test('a reservation is rounded up by itself', () => {
    const elements: Element[] = [
      {
        price_components: [
          { type: 'FLAT', price: 2, vat: 20, step_size: 1 },
          { type: 'TIME', price: 5, vat: 20, step_size: 300 },
        ],
        restrictions: { reservation: 'RESERVATION' },
      },
      { price_components: [start, energy] },
    ];
    expect(
      totals(elements, [
        { kind: 'reserve', minutes: 13 },
        { kind: 'charge', minutes: 60, kwh: 20 },
      ]),
    ).toEqual([8.75, 10]);
  });

  test('a reservation that expires costs its fee and its time, and nothing of a session', () => {
    const elements: Element[] = [
      {
        price_components: [{ type: 'FLAT', price: 4, vat: 20, step_size: 1 }],
        restrictions: { reservation: 'RESERVATION_EXPIRES' },
      },
      {
        price_components: [{ type: 'TIME', price: 2, vat: 20, step_size: 600 }],
        restrictions: { reservation: 'RESERVATION' },
      },
      { price_components: [start, energy] },
    ];
    expect(totals(elements, [{ kind: 'reserve', minutes: 60, expired: true }])).toEqual([6, 7.2]);
    // 22 min are billed as 30: 1.00 + 0.50 + 5.00.
    expect(
      totals(elements, [
        { kind: 'reserve', minutes: 22 },
        { kind: 'charge', minutes: 60, kwh: 20 },
      ]),
    ).toEqual([6.5, 7.3]);
  });
});

test('rounding up goes on the price of the element used last', () => {
  const elements: Element[] = [
    {
      price_components: [{ type: 'TIME', price: 1.2, step_size: 1800 }],
      restrictions: { end_time: '17:00' },
    },
    { price_components: [{ type: 'TIME', price: 2.4, step_size: 1800 }] },
  ];
  // 16:55 to 17:05: 5 min at 1.20, then 5 + 20 min at 2.40 = 0.10 + 1.00.
  expect(
    totals(elements, [{ kind: 'charge', minutes: 10, kwh: 1 }], { localStart: '2019-06-03T16:55' })[0],
  ).toBe(1.1);
});

test('a window over midnight wraps, 00:00 as end is the end of the day', () => {
  const elements: Element[] = [
    {
      price_components: [{ type: 'TIME', price: 1 }],
      restrictions: { start_time: '22:00', end_time: '06:00' },
    },
    {
      price_components: [{ type: 'TIME', price: 10 }],
      restrictions: { start_time: '06:00', end_time: '00:00' },
    },
  ];
  // 21:00 to 07:00: 1 h at 10, 8 h at 1, 1 h at 10.
  expect(
    totals(elements, [{ kind: 'charge', minutes: 600, kwh: 1 }], { localStart: '2019-06-03T21:00' })[0],
  ).toBe(28);
});

test('prices that hold their taxes give the same total with VAT', () => {
  const elements = [{ price_components: [{ type: 'ENERGY', price: 0.363, vat: 21, step_size: 1 }] }];
  expect(totals(elements, [{ kind: 'charge', minutes: 60, kwh: 10 }], { tax_included: 'YES' })).toEqual([
    3, 3.63,
  ]);
});

test('energy prices of an OCPI tariff make a tariff of a site; the rest is named', () => {
  const { tariff: site, losses } = valueOf(
    tariffOfOcpi(
      {
        id: 'x',
        currency: 'EUR',
        party_id: 'ABC',
        elements: [
          {
            price_components: [start, { ...energy, price: 0.2 }],
            restrictions: { start_time: '22:00', end_time: '06:00' },
          },
          { price_components: [energy] },
        ],
      },
      'Europe/Amsterdam',
    ),
  );
  expect(site.lines).toMatchObject([
    {
      windows: [
        {
          id: 'element 0',
          price: 0.2,
          when: [
            { from: '00:00', to: '06:00' },
            { from: '22:00', to: '24:00' },
          ],
        },
        { id: 'element 1', price: 0.25, when: [{ from: '06:00', to: '22:00' }] },
      ],
    },
  ]);
  expect(losses.map((loss) => loss.field)).toEqual([
    'elements[0].price_components[0]',
    'elements[0].price_components[1].vat',
    'elements[1].price_components[0].vat',
    'party_id',
  ]);
});
