// Spill: values set aside on disk in parts, so that a file in any order needs the memory of one
// part only.
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashId } from './survey.ts';

// 512 parts × 16 KB of waiting text = 8 MB.
const waitingCharactersMax = 16_384;
const valuesPerPart = 50_000;
const partsMin = 16;
const partsMax = 512;

/** Values go in by key; those of one key come out in one part, in the order they went in. */
export class Spill<T> {
  private readonly folder: string;
  private readonly waiting: string[];
  private readonly used: boolean[];
  private rowCount = 0;

  /** `valuesExpected` sets the number of parts: five million values make 100 parts of 50,000. */
  constructor(folder: string, valuesExpected: number) {
    const parts = Math.min(partsMax, Math.max(partsMin, Math.ceil(valuesExpected / valuesPerPart)));
    this.folder = folder;
    this.waiting = Array.from({ length: parts }, () => '');
    this.used = Array.from({ length: parts }, () => false);
  }

  get size(): number {
    return this.rowCount;
  }

  add(key: string, value: T): void {
    const part = hashId(key) % this.waiting.length;
    this.rowCount += 1;
    this.waiting[part] += `${JSON.stringify(value)}\n`;
    if (this.waiting[part]!.length >= waitingCharactersMax) this.flush(part);
  }

  /** Each part once; its file is gone when the next one is asked for. */
  *parts(): Generator<readonly T[]> {
    for (const part of this.waiting.keys()) {
      const text = this.take(part);
      if (text === '') continue;
      yield text
        .slice(0, -1)
        .split('\n')
        .map((line) => JSON.parse(line) as T);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private flush(part: number): void {
    if (!this.used.includes(true)) mkdirSync(this.folder, { recursive: true });
    appendFileSync(this.path(part), this.waiting[part]!);
    this.used[part] = true;
    this.waiting[part] = '';
  }

  private take(part: number): string {
    const waiting = this.waiting[part]!;
    this.waiting[part] = '';
    if (!this.used[part]) return waiting;
    const written = readFileSync(this.path(part), 'utf8');
    rmSync(this.path(part));
    return written + waiting;
  }

  private path(part: number): string {
    return join(this.folder, `${part}.ndjson`);
  }
}
