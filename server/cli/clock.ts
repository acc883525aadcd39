// `caini clock`: says that the clock is right, or takes out what a clock that was ahead has left.
import { type Command, Option } from 'commander';
import {
  type ClockReport,
  counted,
  type DiscardedReceipt,
  EngineError,
} from '../../engine/index.ts';
import { endWith, exitCodes } from './folder.ts';
import { openTrailed, trailed } from './trailed.ts';
import { runWork, settingsFor, type WorkOptions, workCommand } from './work.ts';

interface ClockOptions extends WorkOptions {
  readonly confirm?: boolean;
  readonly discardAfter?: string;
}

export function clockCommand(program: Command): void {
  workCommand(program.command('clock'))
    .description('say that the clock of this machine is right, or undo what a wrong one has left')
    .option('--confirm', 'take receipts up to now, however far they are from all others')
    .addOption(
      new Option(
        '--discard-after <time>',
        'take out all receipts of after a moment and print them, one JSON object a line',
      ).conflicts('url'),
    )
    .action((options: ClockOptions) => {
      if (options.discardAfter !== undefined) return endWith(() => discard(options));
      return options.confirm ? confirm(options) : endWith(async () => refuse());
    });
}

function confirm(options: ClockOptions): Promise<void> {
  return runWork<ClockReport>(options, {
    operation: 'confirmClock',
    onFolder: (engine) => engine.upkeep.confirmClock(),
    label: 'asking the clock',
    describe: ({ clock, newestReceiptOn }) =>
      `the clock is taken for right: ${clock}; newest receipt: ${newestReceiptOn ?? 'none yet'}`,
    exitCode: () => exitCodes.done,
  });
}

async function discard(options: ClockOptions): Promise<number> {
  const momentMs = Date.parse(options.discardAfter ?? '');
  if (Number.isNaN(momentMs)) {
    const message = `--discard-after "${options.discardAfter}" is no time (2026-05-01T00:00:00Z)`;
    throw new EngineError('INVALID_ARGUMENT', message, { field: 'discardAfter' });
  }
  const { engine, trail } = await openTrailed(settingsFor(options));
  try {
    const detail = new Date(momentMs).toISOString();
    const receipts = await trailed(trail, { operation: 'discardAfter', detail }, () =>
      engine.writes.discardAfter(momentMs),
    );
    // The new landmark is counted before the folder is left.
    await engine.upkeep.checkpoint();
    for (const receipt of receipts) process.stdout.write(`${lineOf(receipt)}\n`);
    process.stderr.write(`taken out: ${counted(receipts.length, 'receipt')}\n`);
  } finally {
    await engine.close();
  }
  return exitCodes.done;
}

/** As `caini import` and POST /v1/purchases take it, once its time is put right. */
function lineOf(receipt: DiscardedReceipt): string {
  return JSON.stringify(receipt);
}

function refuse(): never {
  const message = 'caini clock wants --confirm or --discard-after TIME';
  throw new EngineError('INVALID_ARGUMENT', message, { field: 'confirm' });
}
