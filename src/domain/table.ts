/**
 * Values by id that never change. All tables of the same ids share their order, so that another value of one id costs the
 * copy of a list, however many ids there are. In JSON a table is the object of its entries.
 * @module
 */
import { invariant } from './invariant.ts';

/** Ids in the order of their characters, and where each stands. */
interface Order {
  readonly ids: readonly string[];
  readonly places: ReadonlyMap<string, number>;
}

/** Orders that are kept in mind, the latest first: one for each site of a process mostly. */
const ordersMax = 8;
let orders: readonly Order[] = [];

/** The order of some ids: the very same one for the same ids. */
function orderOf(ids: readonly string[]): Order {
  const known = orders.find(
    (one) => one.ids.length === ids.length && one.ids.every((id, i) => id === ids[i]),
  );
  if (known !== undefined) return known;
  const order = { ids, places: new Map(ids.map((id, i) => [id, i])) };
  orders = [order, ...orders].slice(0, ordersMax);
  return order;
}

/** Values by id; made by `tableOf`. */
export class Table<T> {
  /** In the order of the ids. */
  readonly values: readonly T[];
  private readonly order: Order;

  constructor(order: Order, values: readonly T[]) {
    this.order = order;
    this.values = values;
  }

  /** All ids, in the order of their characters. */
  get ids(): readonly string[] {
    return this.order.ids;
  }

  /** The value of an id; undefined where the table has no such id. */
  get(id: string): T | undefined {
    const place = this.order.places.get(id);
    return place === undefined ? undefined : this.values[place];
  }

  /** The table with another value of one of its ids. @throws InvariantError where it has no such id. */
  with(id: string, value: T): Table<T> {
    const place = this.order.places.get(id);
    if (place === undefined) invariant(false, 'a table keeps its ids', { id });
    const values = this.values.slice();
    values[place] = value;
    return new Table(this.order, values);
  }

  /** A table of the same ids. */
  map<U>(change: (value: T, id: string) => U): Table<U> {
    const { ids } = this.order;
    return new Table(
      this.order,
      this.values.map((value, i) => change(value, ids[i] ?? '')),
    );
  }

  /** Id and value of each, in the order of the ids. */
  entries(): readonly (readonly [string, T])[] {
    const { ids } = this.order;
    return this.values.map((value, i) => [ids[i] ?? '', value] as const);
  }

  /** The object of all entries: what JSON holds. */
  toJSON(): Readonly<Record<string, T>> {
    return Object.fromEntries(this.entries());
  }
}

/** The table of an object's entries. */
export function tableOf<T>(record: Readonly<Record<string, T>>): Table<T> {
  const order = orderOf(Object.keys(record).sort());
  return new Table(
    order,
    order.ids.map((id) => record[id] as T),
  );
}

/**
 * Works something out for each entry of a table, and again only where the entry is another object than in the table that
 * was asked about before, or where what it depends on beside, `context`, is another one.
 */
export function perEntry<T extends object, C, U>(
  make: (value: T, id: string, context: C) => U,
): (table: Table<T>, context: C) => readonly U[] {
  const last = new WeakMap<
    readonly string[],
    { readonly table: Table<T>; readonly context: C; readonly made: readonly U[] }
  >();
  return (table, context) => {
    const { ids, values } = table;
    const known = last.get(ids);
    if (known?.table === table && known.context === context) return known.made;
    const before = known?.context === context ? known : undefined;
    const made = values.map((value, i) => {
      const same = before?.table.values[i] === value ? before.made[i] : undefined;
      return same ?? make(value, ids[i] ?? '', context);
    });
    last.set(ids, { table, context, made });
    return made;
  };
}
