// The data folder as commands use it that work on it directly, and how they end.
import { type Engine, EngineError, openEngine } from '../../engine/index.ts';
import { daysOrNull, type Settings } from '../config.ts';

/** 130 is what a shell expects of a program that was told to stop. */
export const exitCodes = { done: 0, failed: 1, badArguments: 2, interrupted: 130 } as const;

/** Opens the folder of the settings. Throws FAILED_PRECONDITION while a server has it. */
export function openFolder(settings: Settings): Promise<Engine> {
  return openEngine({
    dataDir: settings.dataDir,
    timeZone: settings.timeZone,
    halfLifeDays: daysOrNull(settings.halfLifeDays),
    popularityHalfLifeDays: daysOrNull(settings.popularityHalfLifeDays),
  });
}

/**
 * Runs a command to its exit code. Arguments that turn out to be wrong end like those that look
 * wrong.
 */
export async function endWith(run: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'INVALID_ARGUMENT') throw error;
    process.stderr.write(`caini: ${error.message}\n`);
    process.exitCode = exitCodes.badArguments;
  }
}
