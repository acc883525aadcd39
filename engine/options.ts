// What an engine is opened with where nothing is said.
import { limits } from './base/limits.ts';
import { defaultMemoryMax } from './base/machine.ts';
import type { EngineOptions } from './engine.ts';
import type { KernelOptions } from './kernel/instance.ts';

const defaultHalfLifeDays = 60;
const defaultPopularityHalfLifeDays = 30;

/** In days; null: no decay. */
export function halfLivesOf({ halfLifeDays, popularityHalfLifeDays }: EngineOptions) {
  return {
    pairDays: halfLifeDays === undefined ? defaultHalfLifeDays : halfLifeDays,
    popularityDays:
      popularityHalfLifeDays === undefined ? defaultPopularityHalfLifeDays : popularityHalfLifeDays,
  };
}

/** What the counts are made with. */
export function kernelOptionsOf(options: EngineOptions): KernelOptions {
  const { kernelBuild, memoryMaxBytes, memoryReserveBytes } = options;
  const maxBytes = memoryMaxBytes ?? defaultMemoryMax();
  const reserveBytes = memoryReserveBytes ?? limits.memoryReserveBytes;
  return { build: kernelBuild, memory: { maxBytes, reserveBytes } };
}

export function timeZoneOf({ timeZone = 'Asia/Shanghai' }: EngineOptions): string {
  return timeZone;
}
