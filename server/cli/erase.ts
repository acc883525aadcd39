// `caini erase`: forgets one member, and tells what went.
import type { Command } from 'commander';
import { type EraseReceipt, idSchema } from '../../engine/index.ts';
import { validate } from '../operations/violations.ts';
import { exitCodes } from './folder.ts';
import { runWork, type WorkOptions, workCommand } from './work.ts';

export function eraseCommand(program: Command): void {
  workCommand(program.command('erase'))
    .description('forget a member, and every id merged into them, exactly')
    .argument('<member>', 'the id of the member')
    .action((memberId: string, options: WorkOptions) =>
      runWork<EraseReceipt>(options, {
        operation: 'eraseMember',
        ids: { memberId },
        onFolder: async (engine) => engine.members.erase(validate(idSchema, memberId)),
        label: 'erasing',
        describe: describeReceipt,
        exitCode: () => exitCodes.done,
      }),
    );
}

function describeReceipt(receipt: EraseReceipt): string {
  const { found, removed, digestBefore, digestAfter, bytesGoneBy } = receipt;
  const { receipts, returns, aliases } = removed;
  const what = `${receipts} receipts, ${returns} returns and ${aliases} merged ids are gone`;
  return [
    found ? `erased: ${what}` : 'nothing was known of this member; what comes later is refused',
    `digest ${digestBefore ?? 'not known'} -> ${digestAfter ?? 'not known'}`,
    `the last bytes leave the disk with caini compact, on a running server by ${bytesGoneBy}`,
  ].join('\n');
}
