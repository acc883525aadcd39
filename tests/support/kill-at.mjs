// Loaded into a program before its first line: kills it, as kill -9 does, right before its n-th
// change of a file or a name (KILL_AT). What it starts itself is left alone.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env.KILL_AT ?? 0);
const command = process.env.KILL_COMMAND ?? '';
let changes = 0;

function countChange() {
  changes += 1;
  if (changes === killAt) process.kill(process.pid, 'SIGKILL');
}

function watch(owner, names) {
  for (const name of names) {
    const real = owner[name];
    owner[name] = (...given) => {
      countChange();
      return real.apply(owner, given);
    };
  }
}

if (killAt > 0 && process.argv.includes(command)) {
  const inTurn = ['renameSync', 'rmSync', 'rmdirSync', 'mkdirSync', 'cpSync', 'writeFileSync'];
  watch(fs, [...inTurn, 'fsyncSync', 'copyFileSync', 'unlinkSync', 'createWriteStream']);
  watch(fs.promises, ['rename', 'rm', 'mkdir', 'copyFile', 'open']);
  syncBuiltinESMExports();
}
