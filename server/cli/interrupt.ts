// Commands that take long end in good order when they are asked to: SIGINT and SIGTERM give up what
// they do, and a second one ends the process at once.
import type { Engine } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { exitCodes } from './folder.ts';

const stopSignals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work` to its exit code. `name` is the command, `left` how things stand when it is given up.
 */
export async function untilStopped(
  name: string,
  left: string,
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of stopSignals) process.once(signal, onSignal);
  try {
    return await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stderr.write(`caini ${name}: stopped; ${left}\n`);
    return exitCodes.interrupted;
  } finally {
    for (const signal of stopSignals) process.removeListener(signal, onSignal);
  }
}

/** Lets a stop reach what opens something, and not what is done with it afterwards. */
export async function whileOpening<Opened>(
  stopped: AbortSignal,
  open: (opening: AbortSignal) => Promise<Opened>,
): Promise<Opened> {
  const opening = new AbortController();
  const giveUp = () => opening.abort();
  stopped.addEventListener('abort', giveUp, { once: true });
  try {
    return await open(opening.signal);
  } finally {
    stopped.removeEventListener('abort', giveUp);
  }
}

/** Closes an engine; soon, when the command was asked to stop. */
export function closeEngine(engine: Engine, stopped: AbortSignal): Promise<void> {
  const signal = stopped.aborted ? AbortSignal.timeout(doorLimits.drainMsMax) : undefined;
  return engine.close({ signal });
}
