// How a command fails: one line on stderr and an exit code, never a stack trace for what the user
// can mend.
import { CommanderError } from 'commander';
import { EngineError } from '../../engine/index.ts';
import { SettingsError } from '../config.ts';
import { exitCodes } from './folder.ts';

/** What the user can mend; its message is one line. */
export class CommandError extends Error {}

/** 0 after help; 2 when the command was called wrongly, 1 when it could not do its work. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCodes.done : exitCodes.badArguments;
  // What a setting names may turn out to be wrong when it is read, such as a file of roles.
  const isWrong = error instanceof EngineError && error.code === 'INVALID_ARGUMENT';
  return isWrong || error instanceof SettingsError ? exitCodes.badArguments : exitCodes.failed;
}

/**
 * The line for stderr; undefined when Commander has said all there is. What is our mistake shows
 * its stack.
 */
export function failureLine(error: unknown): string | undefined {
  if (error instanceof CommanderError) return undefined;
  const isTheirs = [CommandError, SettingsError, EngineError].some((kind) => error instanceof kind);
  const isSystem = error instanceof Error && 'syscall' in error;
  if (isTheirs || isSystem) return `caini: ${(error as Error).message.replaceAll(/\s+/g, ' ')}`;
  return `caini: ${error instanceof Error ? error.stack : String(error)}`;
}
