/** Configuration keys (1.6) and device-model variables (2.x) of a simulated station. @module */
import type { VariableAccess } from './station-answers.ts';
import type { StationParts, StationSettings } from './station-core.ts';

/** A value that is none: what a limit is answered with by a station that garbles it. */
const garbage = '-1e99;Power,"7';

/** Whole seconds of a written value, `least` or more. */
function secondsOf(value: string, least: number): number | undefined {
  return /^\d{1,6}$/.test(value) && Number(value) >= least ? Number(value) : undefined;
}

/** All variables of a station; `changed` runs after a write. */
export function variablesOf(
  parts: Pick<StationParts, 'station' | 'switches'>,
  settings: StationSettings,
  changed: () => void,
): Readonly<Record<string, VariableAccess>> {
  const { station, switches: flaws } = parts;
  const { capability } = station;
  const switches = capability.switchesPhases;
  const fixed = (value: string | number): VariableAccess => ({ read: () => String(value) });
  /** What a smart-charging limit is said to be. */
  const told = (value: string | number): VariableAccess => ({
    read: () => {
      const { capabilityAnswers } = flaws();
      if (capabilityAnswers === 'none') return undefined;
      return capabilityAnswers === 'true' ? String(value) : garbage;
    },
  });
  const periods: VariableAccess = {
    read: () => (flaws().firmware === '1.4.2' ? told(capability.maxPeriods).read() : '1'),
  };
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
      ChargeProfileMaxStackLevel: told(capability.maxStackLevel),
      ChargingScheduleAllowedChargingRateUnit: told(capability.rateUnit === 'A' ? 'Current' : 'Power'),
      ChargingScheduleMaxPeriods: periods,
      MaxChargingProfilesInstalled: told(capability.maxProfiles),
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
    'SmartChargingCtrlr.ProfileStackLevel': told(capability.maxStackLevel),
    'SmartChargingCtrlr.RateUnit': told(capability.rateUnit),
    'SmartChargingCtrlr.PeriodsPerSchedule': periods,
    'SmartChargingCtrlr.Entries': told(capability.maxProfiles),
    ...(switches === undefined ? {} : { 'SmartChargingCtrlr.Phases3to1': fixed('true') }),
    ...(switches === 'to-any' ? { 'SmartChargingCtrlr.ACPhaseSwitchingSupported': fixed('true') } : {}),
    'SampledDataCtrlr.TxUpdatedMeasurands': fixed(measurands),
    'SampledDataCtrlr.TxUpdatedInterval': common.sample,
    'OCPPCommCtrlr.HeartbeatInterval': common.heartbeat,
  };
}
