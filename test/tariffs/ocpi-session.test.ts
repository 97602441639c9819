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

  test('start fee and 0.25 per kWh', () => {
    expect(
      totals([{ price_components: [start, energy] }], [{ kind: 'charge', minutes: 60, kwh: 20 }]),
    ).toEqual([5.5, 6.1]);
  });

  test('2 per hour by the minute; 1.90 per hour by five minutes with 5.2 % VAT', () => {
    const hour = { type: 'TIME', price: 2, vat: 10, step_size: 60 };
    const long: OcpiSession['segments'] = [{ kind: 'charge', minutes: 150 }];
    expect(totals([{ price_components: [hour] }], long)).toEqual([5, 5.5]);
    // 4.75 x 1.052 = 4.997, printed as 5.00.
    const adHoc = { type: 'TIME', price: 1.9, vat: 5.2, step_size: 300 };
    expect(totals([{ price_components: [adHoc] }], long)).toEqual([4.75, 4.997]);
  });

  test('20.45 kWh by 100 Wh at 0.22 are 20.5 kWh', () => {
    const rough = { type: 'ENERGY', price: 0.22, vat: 10, step_size: 100 };
    // 20.5 x 0.22 = 4.51; with VAT 4.961. The text's 5.50 for 0.25 is not 20.5 x 0.25 = 5.125.
    const charged: OcpiSession['segments'] = [{ kind: 'charge', minutes: 60, kwh: 20.45 }];
    expect(totals([{ price_components: [rough] }], charged)).toEqual([4.51, 4.961]);
    expect(totals([{ price_components: [{ ...rough, price: 0.25 }] }], charged)[0]).toBe(5.125);
  });

  test.each([
    [1, 0.029],
    [25, 0.03125],
    [500, 0.125],
  ])('115.2 Wh in steps of %i Wh', (step_size, excl) => {
    const stepped = { type: 'ENERGY', price: 0.25, step_size };
    expect(totals([{ price_components: [stepped] }], [{ kind: 'charge', minutes: 1, kwh: 0.1152 }])[0]).toBe(
      excl,
    );
  });

  test('prices by power: below 16 kW, below 32 kW, above', () => {
    const at = (price: number, max_power?: number): Element => ({
      price_components: [{ type: 'ENERGY', price, step_size: 1 }],
      ...(max_power === undefined ? {} : { restrictions: { max_power } }),
    });
    // 1 kWh at 0.20, 40 at 0.50, 0.5 at 0.20.
    expect(
      totals(
        [at(0.2, 16), at(0.35, 32), at(0.5)],
        [
          { kind: 'charge', minutes: 10, kwh: 1, kw: 6 },
          { kind: 'charge', minutes: 50, kwh: 40, kw: 48 },
          { kind: 'charge', minutes: 7.5, kwh: 0.5, kw: 4 },
        ],
      )[0],
    ).toBe(20.3);
  });

  test('free for 30 minutes, dearer after an hour', () => {
    const at = (price: number, restrictions?: Record<string, unknown>): Element => ({
      price_components: [{ type: 'ENERGY', price, step_size: 1 }],
      ...(restrictions === undefined ? {} : { restrictions }),
    });
    const elements = [at(0, { max_duration: 1800 }), at(0.25, { max_duration: 3600 }), at(0.4)];
    expect(
      totals(elements, [
        { kind: 'charge', minutes: 30, kwh: 5 },
        { kind: 'charge', minutes: 10, kwh: 1.2 },
      ])[0],
    ).toBe(0.3);
    // One segment over all three: 60 kWh in 90 min are 20 free, 20 at 0.25, 20 at 0.40.
    expect(totals(elements, [{ kind: 'charge', minutes: 90, kwh: 60 }])[0]).toBe(13);
  });

  const steps: Element[] = [
    {
      price_components: [{ type: 'TIME', price: 1.2, step_size: 1800 }],
      restrictions: { end_time: '17:00' },
    },
    {
      price_components: [{ type: 'TIME', price: 2.4, step_size: 900 }],
      restrictions: { start_time: '17:00' },
    },
    {
      price_components: [{ type: 'PARKING_TIME', price: 1, step_size: 900 }],
      restrictions: { end_time: '20:00' },
    },
  ];

  test.each<readonly [string, string, OcpiSession['segments'], number]>([
    // 25 min at 1.20 and, rounded up to 45 in all, 20 min at 2.40.
    ['35 min over 17:00', '2019-06-03T16:35', [{ kind: 'charge', minutes: 35, kwh: 1 }], 1.3],
    // Parking after 20:00 has no price: charging is rounded up, 15 min in all at 2.40.
    [
      'charging over 20:00, then free parking',
      '2019-06-03T19:55',
      [
        { kind: 'charge', minutes: 10, kwh: 1 },
        { kind: 'park', minutes: 2 },
      ],
      0.6,
    ],
    // 5 min at 1.20, 5 at 2.40; the session ends with parking, which alone is rounded up: 15 min at 1.00.
    [
      'charging over 17:00, then parking',
      '2019-06-03T16:55',
      [
        { kind: 'charge', minutes: 10, kwh: 1 },
        { kind: 'park', minutes: 2 },
      ],
      0.55,
    ],
  ])('step sizes: %s', (_name, localStart, segments, excl) => {
    expect(totals(steps, segments, { localStart })[0]).toBe(excl);
  });

  test('the time that was priced last is rounded, also where free charging follows', () => {
    // 37 minutes of parking by 15 at 1 per hour are 45: 0.75. Charging has no price per hour.
    const parking: Element[] = [{ price_components: [{ type: 'PARKING_TIME', price: 1, step_size: 900 }] }];
    const segments: OcpiSession['segments'] = [
      { kind: 'park', minutes: 37 },
      { kind: 'charge', minutes: 45, kwh: 5 },
    ];
    expect(totals(parking, segments)[0]).toBe(0.75);
  });

  test('5 per hour of reservation by the minute', () => {
    const reserve: Element = {
      price_components: [{ type: 'TIME', price: 5, vat: 20, step_size: 60 }],
      restrictions: { reservation: 'RESERVATION' },
    };
    expect(
      totals(
        [reserve, { price_components: [start, energy] }],
        [
          { kind: 'reserve', minutes: 15 },
          { kind: 'charge', minutes: 60, kwh: 20 },
        ],
      ),
    ).toEqual([6.75, 7.6]);
  });

  test('a reservation that expires has its own price per hour', () => {
    const reserve = (price: number, reservation: string): Element => ({
      price_components: [{ type: 'TIME', price, vat: 20, step_size: 600 }],
      restrictions: { reservation },
    });
    const elements = [
      reserve(6, 'RESERVATION_EXPIRES'),
      reserve(3, 'RESERVATION'),
      { price_components: [start, energy] },
    ];
    expect(
      totals(elements, [
        { kind: 'reserve', minutes: 22 },
        { kind: 'charge', minutes: 60, kwh: 20 },
      ]),
    ).toEqual([7, 7.9]);
    expect(totals(elements, [{ kind: 'reserve', minutes: 90, expired: true }])).toEqual([9, 10.8]);
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

test('a limit without VAT moves the total with VAT in proportion, and says so', () => {
  const elements: Element[] = [
    { price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] },
  ];
  const bill = valueOf(
    ocpiSessionBillOf(tariff(elements, { min_price: { excl_vat: 1 } }), {
      tz: 'Europe/Amsterdam',
      localStart: '2019-06-03T09:30',
      segments: [{ kind: 'charge', minutes: 5, kwh: 1 }],
    }),
  );
  expect([bill.exclVat, bill.inclVat]).toEqual([1, 1.2]);
  expect(bill.losses.map((loss) => loss.field)).toEqual(['min_price']);
});

test('over midnight the day, the date and the weekday change inside a segment', () => {
  const elements: Element[] = [
    {
      price_components: [{ type: 'ENERGY', price: 1, step_size: 1 }],
      restrictions: { day_of_week: ['SUNDAY'] },
    },
    {
      price_components: [{ type: 'ENERGY', price: 2, step_size: 1 }],
      restrictions: { start_date: '2019-06-03', end_date: '2019-06-04' },
    },
    { price_components: [{ type: 'ENERGY', price: 3, step_size: 1 }] },
  ];
  // Sunday 2 June 2019, 23:00, for 26 h with 26 kWh: 1 h at 1, Monday 24 h at 2, 1 h of Tuesday at 3.
  expect(
    totals(elements, [{ kind: 'charge', minutes: 1560, kwh: 26 }], { localStart: '2019-06-02T23:00' })[0],
  ).toBe(52);
});

test('an hour that the clock skips is not paid, one that it repeats is paid twice', () => {
  const elements: Element[] = [
    {
      price_components: [{ type: 'TIME', price: 6, step_size: 1 }],
      restrictions: { start_time: '02:00', end_time: '03:00' },
    },
  ];
  // Amsterdam, 31 March 2019: 02:00 to 03:00 does not exist; 27 October 2019: it comes twice.
  const night: OcpiSession['segments'] = [{ kind: 'charge', minutes: 300 }];
  expect(totals(elements, night, { localStart: '2019-03-31T00:30' })[0]).toBe(0);
  expect(totals(elements, night, { localStart: '2019-10-27T00:30' })[0]).toBe(12);
});

test.each<readonly [string, OcpiSession['segments'], readonly string[]]>([
  [
    'energy that is priced and not said',
    [{ kind: 'charge', minutes: 5 }],
    ['session.segments[0].kwh: missing-field'],
  ],
  [
    'an expired reservation with a session',
    [
      { kind: 'reserve', minutes: 5, expired: true },
      { kind: 'charge', minutes: 5, kwh: 1 },
    ],
    ['session.segments[0].expired: expired-and-followed'],
  ],
  [
    'a charge that expires',
    [{ kind: 'charge', minutes: 5, kwh: 1, expired: true }],
    ['session.segments[0].expired: not-a-reservation'],
  ],
])('%s is refused', (_name, segments, faults) => {
  const elements = [{ price_components: [energy] }];
  expect(
    faultsOf(
      ocpiSessionBillOf(tariff(elements), {
        tz: 'Europe/Amsterdam',
        localStart: '2019-06-03T09:30',
        segments,
      }),
    ),
  ).toEqual(faults);
});

test('every field of the object is used or named', () => {
  const elements = [
    { price_components: [{ ...energy, colour: 'red' }], restrictions: { min_kWh: 5 }, note: 'x' },
  ];
  const rest = {
    party_id: 'ABC',
    tariff_alt_text: [],
    surprise: 1,
    start_date_time: '2020-01-01T00:00:00Z',
    end_date_time: '2019-01-01T00:00:00Z',
  };
  const bill = valueOf(
    ocpiSessionBillOf(tariff(elements, rest), {
      tz: 'Europe/Amsterdam',
      localStart: '2019-06-03T09:30',
      segments: [{ kind: 'charge', minutes: 5, kwh: 1 }],
    }),
  );
  expect(bill.losses.map((loss) => loss.field).toSorted()).toEqual([
    'elements[0].note',
    'elements[0].price_components[0].colour',
    'elements[0].restrictions.min_kWh',
    'end_date_time',
    'party_id',
    'start_date_time',
    'surprise',
    'tariff_alt_text',
  ]);
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
