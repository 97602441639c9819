/** Fields of the US utility rate database: their forms, and why those that no bill depends on are left out. Source: OpenEI URDB field list, version 7/8. @module */
import { z } from 'zod';
import { windowsMax } from '../limits.ts';

const text = z.string();
const number = z.number();
const money = z.number().min(-1e6).max(1e6);
const tier = z.looseObject({
  max: number.optional(),
  unit: text.optional(),
  rate: money.optional(),
  adj: money.optional(),
  sell: money.optional(),
});
const structure = z.array(z.array(tier).min(1).max(40)).min(1).max(windowsMax);
/** Months by hours of 0-based periods; -1 is none. */
const schedule = z.array(z.array(z.int().min(-1)).length(24)).length(12);
const twelve = z.array(money).length(12);
const percent = z.number().min(0).max(1000);
/** Seconds since 1970, or a text that begins with a date. */
const day = z.union([number, text]);
const months = z.array(z.union([number, z.boolean()])).length(12);

/** Fields that decide the bill, with their forms; other fields may be anything. */
export const urdbSchema = z.looseObject({
  label: text.optional(),
  utility: text.optional(),
  name: text.optional(),
  startdate: day.optional(),
  enddate: day.optional(),
  source: text.optional(),
  uri: text.optional(),
  energyratestructure: structure.optional(),
  energyweekdayschedule: schedule.optional(),
  energyweekendschedule: schedule.optional(),
  fueladjustmentsmonthly: twelve.optional(),
  demandrateunit: text.optional(),
  demandratestructure: structure.optional(),
  demandweekdayschedule: schedule.optional(),
  demandweekendschedule: schedule.optional(),
  demandwindow: number.optional(),
  demandratchetpercentage: z.array(percent).length(12).optional(),
  lookbackpercent: percent.optional(),
  lookbackrange: number.optional(),
  lookbackmonths: months.optional(),
  flatdemandunit: text.optional(),
  flatdemandstructure: structure.optional(),
  flatdemandmonths: z.array(z.int().min(-1)).length(12).optional(),
  fixedchargefirstmeter: money.optional(),
  fixedchargeunits: text.optional(),
  fixedmonthlycharge: money.optional(),
  mincharge: money.optional(),
  minchargeunits: text.optional(),
  minmonthlycharge: money.optional(),
  annualmincharge: money.optional(),
  dgrules: text.optional(),
  usenetmetering: z.boolean().optional(),
});

/** A record, cleaned. */
export type Urdb = z.output<typeof urdbSchema>;
/** One tier of a structure. */
export type Tier = z.output<typeof tier>;

const applicability = 'who may take the tariff is not checked';
const identity = 'identity of the record';
const state = 'state of the record';
const words = 'text for people';
const surcharges = 'free key and value; surcharges may hide in it';

/** Why fields that no bill depends on are left out. */
export const ignoredFields: Readonly<Record<string, string>> = {
  eiaid: 'identity of the utility',
  approved: state,
  is_default: state,
  supersedes: 'identity of an older record',
  sourceparent: 'address of the source',
  description: words,
  basicinformationcomments: words,
  country: identity,
  sector: applicability,
  servicetype: 'bundled, energy only or delivery only: whether other bills come on top is not known',
  peakkwcapacitymin: applicability,
  peakkwcapacitymax: applicability,
  peakkwcapacityhistory: applicability,
  peakkwhusagemin: applicability,
  peakkwhusagemax: applicability,
  peakkwhusagehistory: applicability,
  voltageminimum: applicability,
  voltagemaximum: applicability,
  voltagecategory: applicability,
  phasewiring: applicability,
  demandunits: 'unit of the applicability limits',
  coincidentrateunit: 'the hours in which the system peaks are not in the record',
  coincidentratestructure: 'the hours in which the system peaks are not in the record',
  coincidentrateschedule: 'the hours in which the system peaks are not in the record',
  demandreactivepowercharge: 'the record does not say what reactive power is free',
  fixedchargeeaaddl: 'one meter is billed',
  flatdemandmonthscomments: words,
  energycomments: 'text; surcharges may hide in it',
  demandcomments: 'text; surcharges may hide in it',
  energyattrs: surcharges,
  demandattrs: surcharges,
  fixedattrs: surcharges,
  energykeyvals: surcharges,
  demandkeyvals: surcharges,
  fixedkeyvals: surcharges,
  revisions: state,
  latest_update: state,
};
