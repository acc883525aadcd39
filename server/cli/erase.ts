// `caini erase`: forgets one member, and tells what went.
import type { Command } from 'commander';
import { z } from 'zod';
import { counted, type Engine, type EraseReceipt, idSchema } from '../../engine/index.ts';
import { inputRules } from '../config.ts';
import { readInput } from '../operations/operation.ts';
import { exitCodes } from './folder.ts';
import { runWork, settingsFor, type WorkOptions, workCommand } from './work.ts';

export function eraseCommand(program: Command): void {
  workCommand(program.command('erase'))
    .description('forget a member, and every id merged into them, exactly')
    .argument('<member>', 'the id of the member')
    .action((memberId: string, options: WorkOptions) =>
      runWork<EraseReceipt>(options, {
        operation: 'eraseMember',
        ids: { memberId },
        subjects: (engine) => [{ kind: 'member', id: idOn(engine, memberId, options) }],
        onFolder: (engine) => engine.members.erase(idOn(engine, memberId, options)),
        label: 'erasing',
        describe: describeReceipt,
        exitCode: () => exitCodes.done,
      }),
    );
}

const inputSchema = z.strictObject({ memberId: idSchema });

/** By the same id that a server would take it for. */
function idOn(engine: Engine, given: string, options: WorkOptions): string {
  const access = { engine: () => engine, inputRules: inputRules(settingsFor(options)) };
  const raw = { value: { memberId: given }, parseIssues: [] };
  return readInput(inputSchema, raw, access, true).memberId;
}

function describeReceipt(receipt: EraseReceipt): string {
  const { found, removed, digestBefore, digestAfter, bytesGoneBy } = receipt;
  const { receipts, returns, aliases } = removed;
  const what = [
    counted(receipts, 'receipt'),
    counted(returns, 'return'),
    counted(aliases, 'merged id'),
  ].join(', ');
  return [
    found ? `erased: ${what}` : 'nothing was known of this member; what comes later is refused',
    `digest ${digestBefore ?? 'not known'} -> ${digestAfter ?? 'not known'}`,
    `the last bytes leave the disk with caini compact, on a running server by ${bytesGoneBy}`,
  ].join('\n');
}
