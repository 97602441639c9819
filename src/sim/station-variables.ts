/** Configuration keys (1.6) and device-model variables (2.x) of a simulated station. @module */
import type { Station } from '#domain/site';
import type { VariableAccess } from './station-answers.ts';

/** What a CSMS may change. */
export interface StationSettings {
  sampleIntervalS: number;
  heartbeatIntervalS: number;
}

/** Whole seconds of a written value, `least` or more. */
function secondsOf(value: string, least: number): number | undefined {
  return /^\d{1,6}$/.test(value) && Number(value) >= least ? Number(value) : undefined;
}

/** All variables of a station; `changed` runs after a write. */
export function variablesOf(
  station: Station,
  settings: StationSettings,
  changed: () => void,
): Readonly<Record<string, VariableAccess>> {
  const { capability } = station;
  const switches = capability.switchesPhases;
  const fixed = (value: string | number): VariableAccess => ({ read: () => String(value) });
  const setting = (key: keyof StationSettings, least: number): VariableAccess => ({
    read: () => String(settings[key]),
    write: (value) => {
      const parsed = secondsOf(value, least);
      if (parsed === undefined) return false;
      settings[key] = parsed;
      changed();
      return true;
    },
  });
  const measurands =
    'Energy.Active.Import.Register,Power.Active.Import,Current.Import,' +
    (station.current === 'AC' ? 'Current.Offered' : 'Power.Offered');
  const common = { sample: setting('sampleIntervalS', 0), heartbeat: setting('heartbeatIntervalS', 1) };
  if (station.version === '1.6') {
    return {
      ChargeProfileMaxStackLevel: fixed(capability.maxStackLevel),
      ChargingScheduleAllowedChargingRateUnit: fixed(capability.rateUnit === 'A' ? 'Current' : 'Power'),
      ChargingScheduleMaxPeriods: fixed(capability.maxPeriods),
      MaxChargingProfilesInstalled: fixed(capability.maxProfiles),
      NumberOfConnectors: fixed(station.evses.length),
      SupportedFeatureProfiles: fixed('Core,RemoteTrigger,SmartCharging'),
      MeterValuesSampledData: fixed(measurands),
      ConnectorPhaseRotation: fixed('Unknown'),
      ...(switches === undefined ? {} : { ConnectorSwitch3to1PhaseSupported: fixed('true') }),
      MeterValueSampleInterval: common.sample,
      HeartbeatInterval: common.heartbeat,
    };
  }
  return {
    'SmartChargingCtrlr.Enabled': fixed('true'),
    'SmartChargingCtrlr.ProfileStackLevel': fixed(capability.maxStackLevel),
    'SmartChargingCtrlr.RateUnit': fixed(capability.rateUnit),
    'SmartChargingCtrlr.PeriodsPerSchedule': fixed(capability.maxPeriods),
    'SmartChargingCtrlr.Entries': fixed(capability.maxProfiles),
    ...(switches === undefined ? {} : { 'SmartChargingCtrlr.Phases3to1': fixed('true') }),
    ...(switches === 'to-any' ? { 'SmartChargingCtrlr.ACPhaseSwitchingSupported': fixed('true') } : {}),
    'SampledDataCtrlr.TxUpdatedMeasurands': fixed(measurands),
    'SampledDataCtrlr.TxUpdatedInterval': common.sample,
    'OCPPCommCtrlr.HeartbeatInterval': common.heartbeat,
  };
}
