// `caini keys`: makes, lists, revokes and rotates the API keys of a chain. A running server takes
// changes up within a second.
import type { Command } from 'commander';
import { systemClock } from '../../engine/index.ts';
import { createKey, listKeys, revokeKey, rotateKey, type ShownKey } from '../access/change-keys.ts';
import type { StoredKey } from '../access/key-file.ts';
import { keyFileIn } from '../access/keys.ts';
import type { Settings } from '../config.ts';
import { accessFolder } from '../door-settings.ts';
import { atPlace, type PlaceFlags, placed } from './access-place.ts';
import { type KeyFlags, newKeyOf, overlapMsOf } from './key-options.ts';
import { tokenIssuerCommand } from './token-issuer.ts';
import { changing } from './trailed.ts';

interface ShowFlags extends PlaceFlags {
  readonly json?: boolean;
}

export function keysCommand(program: Command): void {
  const keys = program.command('keys').description('API keys: who may ask a server for what.');
  placed(keys.command('create'))
    .description('make a key; it is shown once, on stdout')
    .requiredOption('--name <name>', 'who has it, for lists and logs')
    .requiredOption('--scopes <scopes>', 'what it opens, with commas (docs/reference/access.md)')
    .option('--stores <ids>', 'the only stores it is for, with commas', 'all')
    .option('--scenarios <names>', 'the only kinds of lists it is for, with commas', 'all')
    .option('--rate <number>', 'how often it may ask in a second')
    .option('--members <number>', 'of how many members it may ask for lists in a minute')
    .option('--expires <when>', 'when it ends: 2027-01-01, 90d or 12h from now')
    .option('--from <networks>', 'where it may come from, with commas: 10.0.0.0/8')
    .action((flags: KeyFlags & PlaceFlags) =>
      atKeys(flags, (path, settings) => {
        const asked = newKeyOf(flags, { clock: systemClock, timeZone: settings.timeZone });
        const detail = `${asked.name}: ${asked.scopes.join(',')}`;
        return changing(settings, { operation: 'createKey', detail }, () => {
          const shown = createKey(path, asked, systemClock);
          showOnce(shown, 'is made');
          return `${shown.key.id} ${detail}`;
        });
      }),
    );
  placed(keys.command('list'))
    .description('list the keys; what they are is not kept')
    .option('--json', 'print them as one JSON array')
    .action((flags: ShowFlags) =>
      atKeys(flags, (path) => {
        const all = listKeys(path).map(withoutHashes);
        const lines = all.length === 0 ? ['no key was ever made'] : all.map(lineOf);
        print(flags.json ? JSON.stringify(all) : lines.join('\n'));
      }),
    );
  placed(keys.command('revoke'))
    .description('revoke a key: running servers refuse it within a second')
    .argument('<id>', 'its id, as keys list shows it')
    .action((id: string, flags: PlaceFlags) =>
      atKeys(flags, (path, settings) =>
        changing(settings, { operation: 'revokeKey', detail: idOf(id) }, () => {
          const { name, revokedAt } = revokeKey(path, idOf(id), systemClock);
          print(`${idOf(id)} (${name}) is revoked since ${revokedAt}`);
          return `${idOf(id)} ${name}`;
        }),
      ),
    );
  placed(keys.command('rotate'))
    .description('give a key another secret; the old one is taken for a while yet')
    .argument('<id>', 'its id, as keys list shows it')
    .option('--overlap <time>', 'for how long: 24h, 7d, or 0h for not at all', '24h')
    .action((id: string, flags: PlaceFlags & { readonly overlap: string }) =>
      atKeys(flags, (path, settings) => {
        const overlapMs = overlapMsOf(flags.overlap);
        return changing(settings, { operation: 'rotateKey', detail: idOf(id) }, () => {
          const shown = rotateKey(path, idOf(id), overlapMs, systemClock);
          showOnce(
            shown,
            `has this secret; the old one ends at ${shown.key.rotatedFrom?.validUntil}`,
          );
          return `${shown.key.id} ${shown.key.name}`;
        });
      }),
    );
  tokenIssuerCommand(keys);
}

function atKeys(
  flags: PlaceFlags,
  work: (path: string, settings: Settings) => void | Promise<void>,
): Promise<void> {
  return atPlace(flags, (settings) => work(keyFileIn(accessFolder(settings)), settings));
}

/** Who pastes a whole key means its id. */
function idOf(given: string): string {
  return /^ck_([a-z2-7]{10})_/.exec(given)?.[1] ?? given;
}

/** The key alone goes to stdout, so that a script can put it where it belongs. */
function showOnce({ key, text }: ShownKey, what: string): void {
  process.stderr.write(`${lineOf(withoutHashes(key))}\n`);
  process.stderr.write(`${key.id} ${what}. It is shown this once:\n`);
  print(text);
}

type ListedKey = Omit<StoredKey, 'sha256' | 'rotatedFrom'> & { readonly oldSecretUntil?: string };

function withoutHashes({ sha256: _, rotatedFrom, ...key }: StoredKey): ListedKey {
  return { ...key, ...(rotatedFrom && { oldSecretUntil: rotatedFrom.validUntil }) };
}

function lineOf(key: ListedKey): string {
  const { id, name, stores, scenarios, ratePerSecond, membersPerMinute, addresses } = key;
  return [
    id,
    name,
    key.scopes.join(','),
    ...(stores === 'all' ? [] : [`stores ${stores.join(',')}`]),
    ...(scenarios === 'all' ? [] : [`lists ${scenarios.join(',')}`]),
    ...(ratePerSecond === undefined ? [] : [`${ratePerSecond}/s`]),
    ...(membersPerMinute === undefined ? [] : [`${membersPerMinute} members/min`]),
    ...(addresses === undefined ? [] : [`from ${addresses.join(',')}`]),
    ...(key.expiresAt === undefined ? [] : [`until ${key.expiresAt}`]),
    ...(key.revokedAt === undefined ? [] : [`revoked ${key.revokedAt}`]),
  ].join('  ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
