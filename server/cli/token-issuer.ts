// `caini keys token-issuer`: makes, lists and revokes the pairs of keys that member tokens are
// signed with. A running server takes changes up within a second.
import type { Command } from 'commander';
import { EngineError, systemClock } from '../../engine/index.ts';
import { createIssuer, listIssuers, revokeIssuer } from '../access/change-issuers.ts';
import type { PublicJwk } from '../access/jwks-file.ts';
import { readSettings, type Settings } from '../config.ts';
import { tokenKeysPlace } from '../door-settings.ts';
import { quoteValue } from '../quote-value.ts';
import { endWith, exitCodes } from './folder.ts';
import { changing } from './trailed.ts';

interface PlaceFlags {
  readonly dataDir?: string;
  readonly accessDir?: string;
  readonly auditDir?: string;
}

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

function placed(command: Command): Command {
  return command
    .option('--data-dir <folder>', 'the data folder (default: the setting)')
    .option('--access-dir <folder>', 'where the keys are (default: the setting)')
    .option('--audit-dir <folder>', 'where the audit trail is (default: the setting)');
}

function atIssuers(
  { dataDir, accessDir, auditDir }: PlaceFlags,
  work: (path: string, settings: Settings) => void | Promise<void>,
): Promise<void> {
  return endWith(async () => {
    const options = {
      ...(dataDir && { dataDir }),
      ...(accessDir && { accessDir }),
      ...(auditDir && { auditDir }),
    };
    const settings = readSettings({ environment: process.env, options });
    const { path, isRequired } = tokenKeysPlace(settings);
    if (isRequired) throw keptByOthers(path);
    await work(path, settings);
    return exitCodes.done;
  });
}

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
