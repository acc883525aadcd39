// The only public door of the engine: what server/, bench/ and tests/ may use.
export { type Clock, systemClock } from './base/clock.ts';
export {
  EngineError,
  type ErrorCode,
  errorCodes,
  type FieldViolation,
} from './base/errors.ts';
export { limits } from './base/limits.ts';
export { type Engine, type EngineOptions, openEngine } from './engine.ts';
export * from './log/events.ts';
export * from './serve/request.ts';
