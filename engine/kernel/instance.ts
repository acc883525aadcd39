// Loads the WebAssembly module, and tells when it has failed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { KernelExports } from './exports.ts';

export type KernelBuild = 'release' | 'debug';

/** How much memory one set of counts may take. */
export interface KernelMemoryLimit {
  /** Used as a matter of course. */
  readonly maxBytes: number;
  /** Beyond it, for what cannot be refused: what is taken back, a checkpoint, lists. */
  readonly reserveBytes: number;
}

export interface KernelOptions {
  readonly build?: KernelBuild | undefined;
  /** Default: as much as WebAssembly can hold. */
  readonly memory?: KernelMemoryLimit | undefined;
}

/** Whether an error says that the module has failed: its memory cannot be trusted afterwards. */
export function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof KernelAbort;
}

class KernelAbort extends Error {}

const modules = new Map<KernelBuild, WebAssembly.Module>();

function compiled(build: KernelBuild): WebAssembly.Module {
  let module = modules.get(build);
  if (!module) {
    const path = createRequire(import.meta.url).resolve(`#kernel/${build}.wasm`);
    module = new WebAssembly.Module(readFileSync(path));
    modules.set(build, module);
  }
  return module;
}

function abort(_message: number, _file: number, line: number, column: number): never {
  throw new KernelAbort(`kernel aborted at ${line}:${column}`);
}

/** An instance with memory of its own, laid out for about `items` items. */
export function startModule(build: KernelBuild, items: number): KernelExports {
  const instance = new WebAssembly.Instance(compiled(build), { env: { abort } });
  const run = instance.exports as unknown as KernelExports;
  run.start(items);
  return run;
}
