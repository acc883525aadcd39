#!/usr/bin/env -S node --v8-pool-size=1
// The command line `caini`: registers the commands and prints failures in one line.
import { Command } from 'commander';
import { programVersion } from '../version.ts';
import { backupCommand } from './backup.ts';
import { clockCommand } from './clock.ts';
import { compactCommand } from './compact.ts';
import { eraseCommand } from './erase.ts';
import { exitCodeOf, failureLine } from './errors.ts';
import { evaluateCommand } from './evaluate.ts';
import { expireCommand } from './expire.ts';
import { exportCommand } from './export.ts';
import { importCommand } from './import.ts';
import { keysCommand } from './keys.ts';
import { restoreCommand } from './restore.ts';
import { rolesCommand } from './roles.ts';
import { serveCommand } from './serve.ts';
import { tillCommand } from './till.ts';
import { upgradeCommand } from './upgrade.ts';
import { verifyCommand } from './verify.ts';

const commands = [
  serveCommand,
  tillCommand,
  importCommand,
  exportCommand,
  evaluateCommand,
  rolesCommand,
  keysCommand,
  verifyCommand,
  eraseCommand,
  compactCommand,
  expireCommand,
  clockCommand,
  backupCommand,
  restoreCommand,
  upgradeCommand,
];

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
for (const register of commands) register(program);

try {
  await program.parseAsync();
} catch (error) {
  const line = failureLine(error);
  if (line !== undefined) process.stderr.write(`${line}\n`);
  process.exitCode = exitCodeOf(error);
}
