// The twin in C (kernel.c): compiled where there is a gcc, kept as a process that is asked for
// rounds.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { TwinInput } from './twin.ts';
import { listLength, resultBytes } from './wasm.ts';

/** Seen from dist/bench/kernel/. */
const source = join(import.meta.dirname, '../../../bench/kernel.c');
const flags = ['-O3', '-march=native'];
const headBytes = 56;
const answerBytes = 8 + listLength * resultBytes;

export class NativeTwin {
  private readonly child: ChildProcess & { stdin: Writable; stdout: Readable };

  private constructor(program: string, data: string) {
    this.child = spawn(program, [data], { stdio: ['pipe', 'pipe', 'inherit'] }) as never;
  }

  /** Undefined where it cannot be compiled. */
  static async start(
    input: TwinInput,
    records: Uint8Array,
    folder: string,
  ): Promise<NativeTwin | undefined> {
    const [program, data] = [join(folder, 'twin'), join(folder, 'twin-data')];
    const made = spawnSync('gcc', [...flags, '-o', program, source, '-lm'], { encoding: 'utf8' });
    if (made.error !== undefined) return undefined;
    if (made.status !== 0) throw new Error(`gcc did not compile kernel.c:\n${made.stderr}`);
    writeInput(data, input, records);
    return new NativeTwin(program, data);
  }

  /** Serves members 0 … count - 1. */
  async serve(count: number) {
    const { stdin, stdout } = this.child;
    stdin.write(`0 ${count}\n`);
    const pieces: Buffer[] = [];
    for (let missing = count * answerBytes; missing > 0; ) {
      const piece: Buffer | null = stdout.read();
      if (piece === null) await once(stdout, 'readable');
      else {
        pieces.push(piece);
        missing -= piece.length;
      }
    }
    const bytes = Buffer.concat(pieces);
    const times = new Float64Array(count);
    const results: Uint8Array[] = [];
    for (let member = 0; member < count; member++) {
      const at = member * answerBytes;
      times[member] = bytes.readDoubleLE(at) / 1_000;
      results.push(Uint8Array.from(bytes.subarray(at + 8, at + answerBytes)));
    }
    return { times, results };
  }

  stop(): void {
    this.child.kill();
  }
}

function writeInput(path: string, input: TwinInput, records: Uint8Array): void {
  const { items, histories, popular, rowOf, views, hots } = input;
  const head = Buffer.alloc(headBytes);
  const rows = views.length / 528;
  const numbers = [items, histories.length, rows, popular.length, histories[0]!.length, 0];
  for (const [at, number] of numbers.entries()) head.writeUInt32LE(number, at * 4);
  const plain = [input.growth, input.threshold, input.repeatShare, input.reboughtRate];
  for (const [at, number] of plain.entries()) head.writeDoubleLE(number, 24 + at * 8);
  const file = openSync(path, 'w');
  const bytesOf = (array: Int32Array | Uint32Array | Float64Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  const cells = [input.expectedCells, input.reboughtCells].map(bytesOf);
  const columns = [records, hots, bytesOf(rowOf), views, bytesOf(popular)];
  for (const part of [head, ...cells, ...columns, ...histories]) writeSync(file, part);
  closeSync(file);
}
