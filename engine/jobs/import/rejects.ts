// Rejects: the file that lists every row which did not enter, with its line, the reason and the
// row.
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { formatRecord } from '../csv.ts';
import type { Refusal } from './row.ts';

const header = ['file', 'line', 'reason', 'message', 'row'];

/** How many bytes a rejects file has; 0 when there is none. */
export function rejectsBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Made when the first row is refused; an import without refusals leaves no file. */
export class RejectsFile {
  readonly path: string;
  private readonly fileNames: readonly string[];
  private handle: number | undefined;
  private writtenBytes: number;

  /** Goes on after `bytes`, which a former run has written; 0 starts anew. */
  constructor(path: string, fileNames: readonly string[], bytes: number) {
    this.path = path;
    this.fileNames = fileNames;
    this.writtenBytes = bytes;
    if (bytes === 0) rmSync(path, { force: true });
  }

  get bytes(): number {
    return this.writtenBytes;
  }

  /** On disk when it returns: the bookmark that counts these rows is written after it. */
  write(refusals: readonly Refusal[]): void {
    if (refusals.length === 0) return;
    const handle = this.open();
    const text = refusals.map((refusal) => this.format(refusal)).join('');
    const start = this.writtenBytes === 0 ? `${formatRecord(header)}\n` : '';
    const bytes = Buffer.from(start + text);
    let written = 0;
    while (written < bytes.length) {
      written += writeSync(
        handle,
        bytes,
        written,
        bytes.length - written,
        this.writtenBytes + written,
      );
    }
    fdatasyncSync(handle);
    this.writtenBytes += bytes.length;
  }

  close(): void {
    if (this.handle !== undefined) closeSync(this.handle);
    this.handle = undefined;
  }

  private open(): number {
    if (this.handle !== undefined) return this.handle;
    mkdirSync(dirname(this.path), { recursive: true });
    this.handle = openSync(this.path, this.writtenBytes === 0 ? 'w' : 'r+');
    ftruncateSync(this.handle, this.writtenBytes);
    return this.handle;
  }

  private format({ origin, reason, message }: Refusal): string {
    const row = typeof origin.raw === 'string' ? origin.raw : formatRecord(origin.raw);
    const name = this.fileNames[origin.file - 1] ?? '';
    return `${formatRecord([name, String(origin.line), reason, message, row])}\n`;
  }
}
