// Starts the worker in a process of its own: plain Node cannot run TypeScript, so it is compiled
// beside the built engine.
import { type ChildProcess, fork } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Report, Task } from './worker.ts';

const sources = import.meta.dirname;
const root = join(sources, '../..');

/** Compiles the scripts of this folder into `folder`; returns the path of the worker. */
export function compileWorker(folder: string): string {
  const engine = join(root, 'dist/engine');
  if (!existsSync(join(engine, 'index.js'))) throw new Error('no build: run `npm run build` first');
  const target = join(folder, 'tests/storms');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  // The engine is loaded from where it was built, with the packages and kernels that lie there.
  symlinkSync(engine, join(folder, 'engine'));
  for (const name of readdirSync(sources)) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue;
    const { outputText } = ts.transpileModule(readFileSync(join(sources, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    writeFileSync(join(target, name.replace(/ts$/, 'js')), outputText);
  }
  return join(target, 'worker.js');
}

export interface WorkerOptions {
  readonly script: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

/** One worker process; every wait ends when it dies. */
export class Worker {
  private readonly child: ChildProcess;
  private readonly received: Report[] = [];
  private wake: (() => void) | undefined;
  private errors = '';
  private end: string | undefined;

  constructor({ script, environment = {}, nodeOptions = [] }: WorkerOptions) {
    this.child = fork(script, [], {
      execArgv: [...nodeOptions],
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.child.stderr!.on('data', (bytes) => {
      this.errors = `${this.errors}${bytes}`.slice(-2_000);
    });
    this.child.on('message', (report) => {
      this.received.push(report as Report);
      this.wake?.();
    });
    this.child.on('exit', (code, signal) => {
      this.end = signal ?? `exit code ${code}`;
      this.wake?.();
    });
  }

  get isAlive(): boolean {
    return this.end === undefined;
  }

  give(task: Task): void {
    if (this.isAlive) this.child.send(task);
  }

  /** The next report; a string says how the process ended, or that it said nothing in time. */
  async hear(milliseconds: number): Promise<Report | string> {
    if (this.received.length === 0 && this.isAlive) await this.wait(milliseconds);
    const report = this.received.shift();
    if (report) return report;
    return this.isAlive ? `nothing heard in ${milliseconds} ms` : `${this.end} ${this.errors}`;
  }

  /** Resolves when something happens, or after so many milliseconds. */
  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        this.wake = undefined;
        resolve();
      };
      const timer = setTimeout(finish, milliseconds);
      this.wake = finish;
    });
  }

  /** Kills the process as kill -9 does; resolves when it is gone. */
  async kill(): Promise<void> {
    if (!this.isAlive) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
