// Bookmark: how far an import came, kept in the same transaction as its last batch.
import { createHash } from 'node:crypto';
import type { Tally } from './summary.ts';

/**
 * Raised when batches are cut otherwise or tallies mean something else: old bookmarks are then
 * void.
 */
const version = 4;

/**
 * Written with batch number `batch`, before its answers are known: `tally` and `rejectsBytes` stand
 * for the batches before it. A resumed import sends that batch again; what is then `duplicate` but
 * younger than `before` is its own.
 */
export interface Bookmark {
  readonly finished: boolean;
  readonly batch: number;
  readonly before: string;
  readonly tally: Tally;
  readonly rejectsBytes: number;
}

/** Stands for a job: the content of its files and everything that says how to read them. */
export function fingerprintOf(parts: unknown): string {
  const text = JSON.stringify([version, parts]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

export function encodeBookmark(bookmark: Bookmark): string {
  return JSON.stringify(bookmark);
}

/** Undefined when there is none to go on from: never begun, or finished. */
export function decodeBookmark(value: string | undefined): Bookmark | undefined {
  if (value === undefined) return undefined;
  const bookmark = JSON.parse(value) as Bookmark;
  return bookmark.finished ? undefined : bookmark;
}

/** Whether one watermark of this folder's log stands for more than another. */
export function isLater(watermark: string, before: string): boolean {
  return BigInt(watermark) > BigInt(before);
}
