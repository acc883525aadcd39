// The built program as a child process, for tests of what it prints and how it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../../dist/server/cli/main.js');

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `caini` with these arguments; the environment of the test run does not reach it. */
export function startCaini(
  options: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const child = spawn(process.execPath, [program, ...options], { env });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }));
  return { child, ended };
}

export function caini(...options: string[]): Promise<Ended> {
  return startCaini(options).ended;
}
