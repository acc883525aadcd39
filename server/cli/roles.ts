// `caini roles`: which names say that an item is no goods, to try them and to begin a file of one's
// own. docs/guides/item-roles.md is its manual.
import type { Command } from 'commander';
import { compileRoles } from '../../engine/index.ts';
import { readSettings } from '../config.ts';
import { itemRolesOf } from '../item-roles.ts';
import { endWith, exitCodes } from './folder.ts';

export function rolesCommand(program: Command): void {
  program
    .command('roles')
    .description(
      'show what names are taken for: goods, bag, fee, giftCard, deposit, sample, service',
    )
    .argument('[names...]', 'names of items; without any the file of names itself is printed')
    .option('--roles <file>', 'a file of names, shipped, or none (default: the setting)')
    .action((names: string[], flags: { readonly roles?: string }) =>
      endWith(async () => showRoles(names, flags.roles)),
    );
}

function showRoles(names: readonly string[], file: string | undefined): number {
  const options = file === undefined ? {} : { itemRoles: file };
  const settings = readSettings({ environment: process.env, options });
  const patterns = itemRolesOf(settings.itemRoles);
  const guess = compileRoles(patterns);
  const page =
    names.length === 0
      ? JSON.stringify(patterns, undefined, 1)
      : names.map((name) => `${guess({ name }) ?? 'goods'}\t${name}`).join('\n');
  process.stdout.write(`${page}\n`);
  return exitCodes.done;
}
