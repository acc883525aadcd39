// Commands leave entries in the audit trail as requests do: who ran which, and what came of it.

import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import {
  type Engine,
  EngineError,
  type EngineOptions,
  type ErasedIds,
  holdsChain,
  noChainError,
  systemClock,
} from '../../engine/index.ts';
import type { Settings } from '../config.ts';
import { auditFolder } from '../door-settings.ts';
import type { Subject } from '../trail/entry.ts';
import { trailLimits } from '../trail/limits.ts';
import { Trail } from '../trail/trail.ts';
import { openFolder } from './folder.ts';

/** Throws DATA_LOSS for a trail that was changed. */
export function openTrail(
  settings: Settings,
  notify: (message: string) => void = (message) => process.stderr.write(`caini: ${message}\n`),
): Promise<Trail> {
  const folder = auditFolder(settings);
  return Trail.open({ folder, dataDir: resolve(settings.dataDir), clock: systemClock, notify });
}

/** A chain that must be there, with its trail, which forgets whom the chain has erased. */
export async function openTrailed(
  settings: Settings,
  options: Partial<EngineOptions> = {},
): Promise<{ readonly engine: Engine; readonly trail: Trail }> {
  // A mistyped name must not become a folder.
  if (!holdsChain(settings.dataDir)) throw noChainError(settings.dataDir);
  const trail = await openTrail(settings);
  const onErased = (erased: ErasedIds) => trail.forget(erased);
  return { engine: await openFolder(settings, { ...options, onErased }), trail };
}

export interface TrailedCommand {
  readonly operation: string;
  readonly subjects?: readonly Subject[];
  /** What it was asked for, in words; no ids of members. */
  readonly detail?: string;
}

/**
 * Runs `work` between its two entries. It does not begin when the first cannot be written; its own
 * error is the one that is told.
 */
export async function trailed<T>(
  trail: Trail,
  { detail, ...command }: TrailedCommand,
  work: () => T | Promise<T>,
  /** What came of it, where that says more than what was asked for. */
  describe: (result: T) => string | undefined = () => undefined,
): Promise<T> {
  const entry = {
    ...command,
    door: 'cli' as const,
    account: accountName(),
    ...(detail && { detail: short(detail) }),
  };
  const of = await trail.append(entry);
  const { subjects: _, ...rest } = entry;
  const end = (outcome: string, more?: string) => {
    const ended = { ...rest, of, outcome, ...(more && { detail: short(more) }) };
    return trail.append(ended).catch(() => trail.note(ended));
  };
  try {
    const result = await work();
    await end('ok', describe(result));
    return result;
  } catch (error) {
    await end(outcomeOf(error));
    throw error;
  } finally {
    await trail.close();
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof EngineError) return error.reason ?? error.code;
  // Ctrl-C, or SIGTERM.
  return error instanceof Error && error.name === 'AbortError' ? 'INTERRUPTED' : 'INTERNAL';
}

/** A change of who may enter is in the trail before it is made; `change` tells what it was. */
export async function changing(
  settings: Settings,
  command: TrailedCommand,
  change: () => string,
): Promise<void> {
  await trailed(await openTrail(settings), command, change, (detail) => detail);
}

function short(text: string): string {
  return text.slice(0, trailLimits.detailCharactersMax);
}

/** Some systems have no name for who runs a container. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
