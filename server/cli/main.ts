#!/usr/bin/env -S node --v8-pool-size=1
// The command line `caini`: registers the commands and prints failures in one line.
import { Command } from 'commander';
import { programVersion } from '../version.ts';
import { exitCodeOf, failureLine } from './errors.ts';

type Register = (program: Command) => void;

/** Whatever is written is read by whom it belongs to, and by nobody else. */
process.umask(0o077);

/** In the order of the help. What is not asked for is not loaded: half of a start. */
const commands = new Map<string, () => Promise<Register>>([
  ['serve', async () => (await import('./serve.ts')).serveCommand],
  ['till', async () => (await import('./till.ts')).tillCommand],
  ['import', async () => (await import('./import.ts')).importCommand],
  ['export', async () => (await import('./export.ts')).exportCommand],
  ['evaluate', async () => (await import('./evaluate.ts')).evaluateCommand],
  ['roles', async () => (await import('./roles.ts')).rolesCommand],
  ['keys', async () => (await import('./keys.ts')).keysCommand],
  ['audit', async () => (await import('./audit.ts')).auditCommand],
  ['verify', async () => (await import('./verify.ts')).verifyCommand],
  ['erase', async () => (await import('./erase.ts')).eraseCommand],
  ['compact', async () => (await import('./compact.ts')).compactCommand],
  ['expire', async () => (await import('./expire.ts')).expireCommand],
  ['clock', async () => (await import('./clock.ts')).clockCommand],
  ['backup', async () => (await import('./backup.ts')).backupCommand],
  ['restore', async () => (await import('./restore.ts')).restoreCommand],
  ['upgrade', async () => (await import('./upgrade.ts')).upgradeCommand],
]);

const program = new Command('caini')
  .description('Caini 猜你: a real-time recommendation engine for new-retail chains')
  .version(programVersion())
  .showHelpAfterError('(caini --help lists the commands)');

// Subcommands inherit these only when they are made after them.
program.exitOverride();
program.configureOutput({
  // An option by a wrong name is repeated, but not its value: that may be a secret.
  outputError: (text, write) => write(text.replaceAll(/(--[\w-]+)=[^\s']*/g, '$1=…')),
});
const asked = commands.get(process.argv[2] ?? '');
for (const load of asked ? [asked] : commands.values()) (await load())(program);

try {
  await program.parseAsync();
} catch (error) {
  const line = failureLine(error);
  if (line !== undefined) process.stderr.write(`${line}\n`);
  process.exitCode = exitCodeOf(error);
}
