/** The operations on bills and prices; those that read foreign files stand in tariffs.ts, so that a bill starts fast. @module */
import {
  bill,
  billInputSchema,
  billOutputSchema,
  prices,
  pricesInputSchema,
  pricesOutputSchema,
} from '#tariffs/operations';
import type { OperationBody } from './operation.ts';

/** The working part of `bill`. */
export const billBody: OperationBody = {
  input: billInputSchema,
  output: billOutputSchema,
  handle: (document, context) => Promise.resolve(bill(document, context.tariffDocument)),
};

/** The working part of `prices`. */
export const pricesBody: OperationBody = {
  input: pricesInputSchema,
  output: pricesOutputSchema,
  handle: (document, context) => Promise.resolve(prices(document, context.tariffDocument)),
};
