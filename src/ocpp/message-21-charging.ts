/**
 * Charging schedules, profiles and needs of OCPP 2.1. Sales tariffs, price schedules and the DER and V2X parameters of an
 * EV are carried unread. Source: OCPP 2.1 edition 1 part 2 section 2.
 * @module
 */
import { z } from 'zod';
import { percent, rateUnit } from './message-2x.ts';
import { count, fields, instant, listOf, text, unread, whole } from './wire-type.ts';

const optional = z.exactOptional;

/** What a profile is for. */
export const purpose = z.enum([
  'ChargingStationExternalConstraints',
  'ChargingStationMaxProfile',
  'TxDefaultProfile',
  'TxProfile',
  'PriorityCharging',
  'LocalGeneration',
]);
/** Who set a limit, as free text. */
export const limitSource = text(20);
/** What steers the power. */
export const operationMode = z.enum([
  'Idle',
  'ChargingOnly',
  'CentralSetpoint',
  'ExternalSetpoint',
  'ExternalLimits',
  'CentralFrequency',
  'LocalFrequency',
  'LocalLoadBalancing',
]);

/** A number that may be absent. */
export const number = optional(z.number());
const discharge = optional(z.number().max(0));
/** A number of phases, or a phase. */
export const phaseCount = z.int().min(0).max(3);

const limits = {
  limit: number,
  limit_L2: number,
  limit_L3: number,
  dischargeLimit: discharge,
  dischargeLimit_L2: discharge,
  dischargeLimit_L3: discharge,
  setpoint: number,
  setpoint_L2: number,
  setpoint_L3: number,
  setpointReactive: number,
  setpointReactive_L2: number,
  setpointReactive_L3: number,
};

/** One period of a schedule. */
export const schedulePeriod = fields({
  startPeriod: whole,
  ...limits,
  numberPhases: optional(phaseCount),
  phaseToUse: optional(phaseCount),
  preconditioningRequest: optional(z.boolean()),
  evseSleep: optional(z.boolean()),
  v2xBaseline: number,
  operationMode: optional(operationMode),
  v2xFreqWattCurve: optional(listOf(fields({ frequency: z.number(), power: z.number() }), 20)),
  v2xSignalWattCurve: optional(listOf(fields({ signal: whole, power: z.number() }), 20)),
});

/** One schedule of a profile. */
export const chargingSchedule = fields({
  id: whole,
  limitAtSoC: optional(fields({ soc: percent, limit: z.number() })),
  startSchedule: optional(instant),
  duration: optional(whole),
  chargingRateUnit: rateUnit,
  minChargingRate: number,
  powerTolerance: number,
  signatureId: optional(count),
  digestValue: optional(text(88)),
  useLocalTime: optional(z.boolean()),
  chargingSchedulePeriod: listOf(schedulePeriod, 1024),
  randomizedDelay: optional(count),
  salesTariff: optional(unread),
  absolutePriceSchedule: optional(unread),
  priceLevelSchedule: optional(unread),
});

/** One profile. */
export const chargingProfile = fields({
  id: whole,
  stackLevel: count,
  chargingProfilePurpose: purpose,
  chargingProfileKind: z.enum(['Absolute', 'Recurring', 'Relative', 'Dynamic']),
  recurrencyKind: optional(z.enum(['Daily', 'Weekly'])),
  validFrom: optional(instant),
  validTo: optional(instant),
  transactionId: optional(text(36)),
  maxOfflineDuration: optional(whole),
  chargingSchedule: listOf(chargingSchedule, 3),
  invalidAfterOfflineDuration: optional(z.boolean()),
  dynUpdateInterval: optional(whole),
  dynUpdateTime: optional(instant),
  priceScheduleSignature: optional(text(256)),
});

/** New limits of a Dynamic profile. */
export const scheduleUpdate = fields(limits);

/** How energy gets to the vehicle. */
export const energyTransfer = z.enum([
  'AC_single_phase',
  'AC_two_phase',
  'AC_three_phase',
  'DC',
  'AC_BPT',
  'AC_BPT_DER',
  'AC_DER',
  'DC_BPT',
  'DC_ACDP',
  'DC_ACDP_BPT',
  'WPT',
]);

/** What a vehicle asks for. */
export const chargingNeeds = fields({
  acChargingParameters: optional(
    fields({
      energyAmount: z.number(),
      evMinCurrent: z.number(),
      evMaxCurrent: z.number(),
      evMaxVoltage: z.number(),
    }),
  ),
  derChargingParameters: optional(unread),
  evEnergyOffer: optional(unread),
  requestedEnergyTransfer: energyTransfer,
  dcChargingParameters: optional(
    fields({
      evMaxCurrent: z.number(),
      evMaxVoltage: z.number(),
      evMaxPower: number,
      evEnergyCapacity: number,
      energyAmount: number,
      stateOfCharge: optional(percent),
      fullSoC: optional(percent),
      bulkSoC: optional(percent),
    }),
  ),
  v2xChargingParameters: optional(unread),
  availableEnergyTransfer: optional(listOf(energyTransfer)),
  controlMode: optional(z.enum(['ScheduledControl', 'DynamicControl'])),
  mobilityNeedsMode: optional(z.enum(['EVCC', 'EVCC_SECC'])),
  departureTime: optional(instant),
});
