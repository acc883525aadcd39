// The command `caini export`: the receipts of the data folder as a file that `caini import` reads.
import { once } from 'node:events';
import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import {
  EngineError,
  type ExportOptions,
  exportFormats,
  exportReceipts,
} from '../../engine/index.ts';
import { endWith, exitCodes } from './folder.ts';
import { closeEngine, untilStopped } from './interrupt.ts';
import { openTrailed, trailed } from './trailed.ts';
import { settingsFor } from './work.ts';

interface ExportCommandOptions {
  readonly out?: string;
  readonly format: ExportOptions['format'];
  readonly net?: boolean;
  readonly dataDir?: string;
}

const chunkCharacters = 65_536;

export function exportCommand(program: Command): void {
  program
    .command('export')
    .description('write the receipts, one row a line, as import reads them')
    .option('--out <file>', 'where to write (default: standard output)')
    .addOption(
      new Option('--format <format>', 'of the rows').choices([...exportFormats]).default('csv'),
    )
    .option('--net', 'without the pieces that were brought back')
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .action((options: ExportCommandOptions) => endWith(() => exportTo(options)));
}

function exportTo(options: ExportCommandOptions): Promise<number> {
  const { format, net = false, out } = options;
  const settings = settingsFor(options);
  return untilStopped('export', 'no file was written', async (signal) => {
    const { engine, trail } = await openTrailed(settings, { signal });
    try {
      const lines = exportReceipts(engine, { format, net });
      await trailed(trail, { operation: 'export', detail: format }, () =>
        out === undefined
          ? writeLines(lines, process.stdout, signal)
          : writeFile(lines, out, signal),
      );
      return exitCodes.done;
    } finally {
      await closeEngine(engine, signal);
    }
  });
}

/** Whole or not at all: a half export that looks like one would be imported one day. */
async function writeFile(
  lines: Iterable<string>,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const unfinished = `${path}.unfinished`;
  try {
    const stream = createWriteStream(unfinished);
    await once(stream, 'open');
    await writeLines(lines, stream, signal);
    stream.end();
    await once(stream, 'close');
    renameSync(unfinished, path);
  } catch (cause) {
    rmSync(unfinished, { force: true });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError('FAILED_PRECONDITION', `${path} cannot be written: ${why}`, { cause });
  }
}

async function writeLines(
  lines: Iterable<string>,
  stream: NodeJS.WritableStream,
  signal: AbortSignal,
): Promise<void> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < chunkCharacters) continue;
    if (!stream.write(chunk)) await once(stream, 'drain');
    chunk = '';
    // A pipe or a fast disk is never waited for: a signal is heard all the same.
    await setImmediate();
    signal.throwIfAborted();
  }
  if (chunk !== '' && !stream.write(chunk)) await once(stream, 'drain');
}
