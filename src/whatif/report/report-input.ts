/** What a report is made from. @module */
import type { CostModel } from '#tariffs/cost-model';
import type { NightResult } from '#sim/night-result';
import type { Comparison } from '../comparison.ts';

/** Everything that the report shows. */
export interface ReportInput {
  readonly night: NightResult;
  readonly comparison: Comparison;
  /** The tariff on the metering intervals of the night, with the peaks that the month had seen before it. */
  readonly tariff: CostModel;
  readonly tariffName: string;
  /** Version of the program. */
  readonly version: string;
  /** Base64 SHA-256 of a text: the page allows exactly its own script and style. */
  readonly sha256: (text: string) => string;
}
