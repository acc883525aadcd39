// `caini keys token-issuer`: makes, lists and revokes the pairs of keys that member tokens are
// signed with. A running server takes changes up within a second.
import type { Command } from 'commander';
import { EngineError, systemClock } from '../../engine/index.ts';
import { createIssuer, listIssuers, revokeIssuer } from '../access/change-issuers.ts';
import { listKeys } from '../access/change-keys.ts';
import type { PublicJwk } from '../access/jwks-file.ts';
import { keyFileIn } from '../access/keys.ts';
import type { Settings } from '../config.ts';
import { accessFolder, tokenKeysPlace } from '../door-settings.ts';
import { quoteValue } from '../quote-value.ts';
import { atPlace, type PlaceFlags, placed } from './access-place.ts';
import { changing } from './trailed.ts';

export function tokenIssuerCommand(keys: Command): void {
  const issuers = keys
    .command('token-issuer')
    .description('Pairs of keys that sign the tokens of members (docs/guides/member-tokens.md).');
  placed(issuers.command('create'))
    .description('make an Ed25519 pair; the private key is shown once, on stdout, as a JWK')
    .requiredOption('--name <name>', 'who signs with it, for lists')
    .action((flags: PlaceFlags & { readonly name: string }) =>
      atIssuers(flags, (path, settings) => {
        const detail = nameOf(flags.name);
        return changing(settings, { operation: 'createTokenIssuer', detail }, () => {
          const { issuer, privateJwk } = createIssuer(path, detail, systemClock);
          process.stderr.write(`${lineOf(issuer)}\n`);
          const hasKey = listKeys(keyFileIn(accessFolder(settings))).length > 0;
          if (!hasKey) process.stderr.write(lockedOut);
          process.stderr.write(`${issuer.kid} is made. Its private key is shown this once:\n`);
          print(JSON.stringify(privateJwk));
          return `${issuer.kid} ${detail}`;
        });
      }),
    );
  placed(issuers.command('list'))
    .description('list the issuers; their private keys are not kept')
    .option('--json', 'print their public keys as one JWK Set')
    .action((flags: PlaceFlags & { readonly json?: boolean }) =>
      atIssuers(flags, (path) => {
        const all = listIssuers(path);
        const lines = all.length === 0 ? ['there is no token issuer'] : all.map(lineOf);
        print(flags.json ? JSON.stringify({ keys: all }) : lines.join('\n'));
      }),
    );
  placed(issuers.command('revoke'))
    .description('revoke an issuer: no token that it signed is taken any more')
    .argument('<kid>', 'its kid, as token-issuer list shows it')
    .action((kid: string, flags: PlaceFlags) =>
      atIssuers(flags, (path, settings) =>
        changing(settings, { operation: 'revokeTokenIssuer', detail: kid }, () => {
          const { name } = revokeIssuer(path, kid);
          const named = `${kid}${name === undefined ? '' : ` (${name})`}`;
          print(`${named} is revoked`);
          return named;
        }),
      ),
    );
}

function atIssuers(
  flags: PlaceFlags,
  work: (path: string, settings: Settings) => void | Promise<void>,
): Promise<void> {
  return atPlace(flags, (settings) => {
    const { path, isRequired } = tokenKeysPlace(settings);
    if (isRequired) throw keptByOthers(path);
    return work(path, settings);
  });
}

const lockedOut =
  'Both doors ask for a key or a token from now on, and there is no key yet: caini keys create\n';

/** A file that somebody else writes would lose what we put into it. */
function keptByOthers(path: string): EngineError {
  const why = 'whoever keeps that file adds and takes out keys; auto is for those of this command';
  const message = `CAINI_TOKEN_JWKS_FILE is ${quoteValue(path)}: ${why}`;
  return new EngineError('FAILED_PRECONDITION', message, { reason: 'TOKEN_KEYS' });
}

function nameOf(given: string): string {
  if (given.length <= 64 && given.trim() !== '') return given;
  const [field, value, limit] = ['--name', quoteValue(given), '1 to 64 characters'];
  const message = `must be ${limit}`;
  throw new EngineError('INVALID_ARGUMENT', `${field} is ${value} but ${message}`, {
    violations: [{ field, value, limit, message }],
  });
}

function lineOf({ kid, name, createdAt }: PublicJwk): string {
  return [kid, name, createdAt].filter((part) => part !== undefined).join('  ');
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
