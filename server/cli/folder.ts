// The data folder as commands use it that work on it directly, and how they end.
import { statSync } from 'node:fs';
import { type Engine, EngineError, type EngineOptions, openEngine } from '../../engine/index.ts';
import { engineSettings, type Settings } from '../config.ts';
import { sweepImports } from './leftovers.ts';

/** 130 is what a shell expects of a program that was told to stop. */
export const exitCodes = { done: 0, failed: 1, badArguments: 2, interrupted: 130 } as const;

/** Opens the folder of the settings. Throws FAILED_PRECONDITION while a server has it. */
export async function openFolder(
  settings: Settings,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const engine = await openEngine({ ...engineSettings(settings), ...options });
  sweepImports(settings.dataDir);
  return engine;
}

/** The same for a folder that must be there: a mistyped name must not look like an empty chain. */
export function openExisting(settings: Settings): Promise<Engine> {
  if (statSync(settings.dataDir, { throwIfNoEntry: false })?.isDirectory()) {
    return openFolder(settings);
  }
  const message = `${settings.dataDir} is no folder; --data-dir names the data folder`;
  throw new EngineError('FAILED_PRECONDITION', message, { reason: 'NO_CHAIN' });
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
