// `caini audit`: the audit trail from its files, and proofs from files, without any server.
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { counted, EngineError } from '../../engine/index.ts';
import { readSettings } from '../config.ts';
import { auditFolder } from '../door-settings.ts';
import { quoteValue } from '../quote-value.ts';
import { checkProof, treeHeadSchema } from '../trail/proofs.ts';
import type { TreeHead } from '../trail/read.ts';
import { type Verified, verifyTrail } from '../trail/verify.ts';
import { CommandError } from './errors.ts';
import { endWith, exitCodes } from './folder.ts';

interface PlaceFlags {
  readonly dataDir?: string;
  readonly auditDir?: string;
}

interface HeadFlags {
  readonly head?: readonly string[];
}

export function auditCommand(program: Command): void {
  const audit = program
    .command('audit')
    .description('the audit trail: who asked what for whom, and that nothing of it was changed');
  placed(audit.command('verify'))
    .description('read the whole trail and check every byte of it; changes nothing')
    .option('--head <file>', 'a head that was saved; the trail must go on from it', collect)
    .option('--json', 'print the result as one JSON object')
    .action((flags: PlaceFlags & HeadFlags & { readonly json?: boolean }) =>
      endWith(async () => {
        const verified = await verifyTrail(folderOf(flags), headsIn(flags));
        print(flags.json ? JSON.stringify(verified) : describe(verified));
        return verified.ok ? exitCodes.done : exitCodes.failed;
      }),
    );
  placed(audit.command('head'))
    .description('print the head of the trail as JSON, to be saved where nobody changes it')
    .action((flags: PlaceFlags) =>
      endWith(async () => {
        const verified = await verifyTrail(folderOf(flags));
        if (!verified.ok) throw new CommandError(describe(verified));
        const { treeSize, rootHash } = verified;
        print(JSON.stringify({ treeSize, rootHash }));
        return exitCodes.done;
      }),
    );
  audit
    .command('check-proof')
    .description('check a proof that a server gave, without the trail')
    .argument('<file>', 'the answer of GET /v1/admin/audit/inclusion or …/consistency')
    .option('--head <file>', 'a head that was saved; the proof must be of its tree', collect)
    .action((file: string, flags: HeadFlags) =>
      endWith(async () => {
        const checked = checkProof(jsonIn('proof', file), headsIn(flags));
        if (checked === undefined)
          throw refuse('proof', file, 'a proof of inclusion or consistency');
        print(checked.text);
        return checked.ok ? exitCodes.done : exitCodes.failed;
      }),
    );
}

function placed(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--audit-dir <folder>', 'where the trail is (default: the setting)');
}

function collect(file: string, before: readonly string[] = []): readonly string[] {
  return [...before, file];
}

function folderOf({ dataDir, auditDir }: PlaceFlags): string {
  const options = { ...(dataDir && { dataDir }), ...(auditDir && { auditDir }) };
  return auditFolder(readSettings({ environment: process.env, options }));
}

function headsIn({ head = [] }: HeadFlags): readonly TreeHead[] {
  return head.map((file) => {
    const parsed = treeHeadSchema.safeParse(jsonIn('head', file));
    if (parsed.success) return parsed.data;
    throw refuse('head', file, 'a head as caini audit head prints it');
  });
}

function jsonIn(field: string, file: string): unknown {
  const text = readFileSync(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw refuse(field, file, 'one JSON object');
  }
}

function refuse(field: string, file: string, limit: string): EngineError {
  const message = `${field} ${quoteValue(file)} must hold ${limit}`;
  return new EngineError('INVALID_ARGUMENT', message, { field });
}

function describe(verified: Verified): string {
  const { ok, treeSize, rootHash, subjectsKept, subjectsDestroyed, unfinished } = verified;
  const size = `${treeSize} ${treeSize === 1 ? 'entry' : 'entries'}, root ${rootHash}`;
  const subjects = `${counted(subjectsKept, 'subject')} kept, ${subjectsDestroyed} destroyed`;
  const begun = unfinished > 0 ? `; ${unfinished} begun that have not ended` : '';
  if (ok) return `verified: ${size}; ${subjects}${begun}`;
  const { faultCount, faults } = verified;
  const more = faultCount - faults.length;
  return [
    `NOT as written, ${counted(faultCount, 'fault')}: ${size}`,
    ...faults.map((fault) => `  ${fault}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join('\n');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
