/**
 * The public face of the package. Three ways in: the catalogue of operations (documents in, documents out), the pure
 * parts they are made of, and the engine with its ports, for a program that brings its own chargers, bus and journal.
 * @module
 */
export type { Circuit, Evse, Site, Station, StationCapability, UncontrolledLoad } from '#domain/site';
export type { Visit } from '#domain/visit';
export type { DepotEvent, LinkEvent } from '#domain/event';
export { describeFault, type Fault } from '#domain/fault';
export type { Result } from '#domain/result';
export type { StepFunction } from '#domain/step-function';

export { liveOperations, operations } from '#operations/catalogue';
export { invoke } from '#operations/invoke';
export type { Operation, OperationContext } from '#operations/operation';

export { solve } from '#solver/solve';
export { problemFaults } from '#solver/validate';
export type { DepotProblem, Solution, SolveOptions } from '#solver/problem';
export { parseTariff } from '#tariffs/parse-tariff';
export { billOf } from '#tariffs/bill';
export { costModelOf } from '#tariffs/cost-model-of';
export { compositeOf, limitOf } from '#ocpp/composite';
export { compileFloors, compilePlan } from '#ocpp/compile';

export { createLoop, type Loop, type LoopParts } from '#engine/loop';
export { step } from '#engine/step';
export { defaultPolicy, policyOf, type Policy } from '#engine/policy';
export type { Bus } from '#ports/bus';
export type { ChargerLink } from '#ports/charger-link';
export type { Clock } from '#ports/clock';
export type { Journal } from '#ports/journal';
export type { Log } from '#ports/log';
