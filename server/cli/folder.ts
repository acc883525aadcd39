// The data folder as commands use it that work on it directly, and how they end.
import { statSync } from 'node:fs';
import { type Engine, EngineError, type EngineOptions, openEngine } from '../../engine/index.ts';
import { engineSettings, type Settings } from '../config.ts';

/**
 * 130 is what a shell expects of a program that was asked to stop. With 3 an import is through, and
 * so little of it entered that it was hardly read as it was meant.
 */
export const exitCodes = {
  done: 0,
  failed: 1,
  badArguments: 2,
  mostlyRefused: 3,
  interrupted: 130,
} as const;

/** Opens the folder of the settings. Throws FAILED_PRECONDITION while a server has it. */
export function openFolder(
  settings: Settings,
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  return openEngine({ ...engineSettings(settings), ...options });
}

/**
 * What is said of a folder that others may look into; undefined: it is its owner's alone. It was
 * made by an earlier version, or by hand, and whose it is may have meant it.
 */
export function readersOf(dataDir: string): string | undefined {
  const stats = statSync(dataDir, { throwIfNoEntry: false });
  if (stats === undefined || (stats.mode & 0o077) === 0) return undefined;
  const mode = (stats.mode & 0o777).toString(8);
  return `${dataDir} has mode ${mode}: others may look into it; chmod 700 ${dataDir}`;
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
