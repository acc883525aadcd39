// An event of our own on its way into the log.
import { beginEntry, stub } from '../log/frame.ts';
import type { Store } from '../store/store.ts';
import type { WriteContext } from './context.ts';
import type { EntryKind } from './kind.ts';
import { indexEntry } from './subjects.ts';

export function encode<Value>(
  { code, encode: write }: Pick<EntryKind<string, Value>, 'code' | 'encode'>,
  acceptedAtMs: number,
  value: Value,
): Buffer {
  const writer = beginEntry(code, acceptedAtMs);
  write(writer, value);
  return writer.take();
}

/** Puts an accepted event into the log and applies it; answers its sequence. */
export function record<Value>(
  context: WriteContext,
  kind: EntryKind<string, Value>,
  value: Value,
  acceptedAtMs = context.clock(),
): number {
  const { log, store } = context;
  let sequence = 0;
  kind.apply(context, {
    value,
    acceptedAtMs,
    origin: log.origins.own ?? '',
    append(isKept) {
      sequence = log.append(isKept ? encode(kind, acceptedAtMs, value) : stub);
      if (isKept) indexSubjects(store, kind, { value, sequence });
      return sequence;
    },
  });
  return sequence;
}

/** So that an erase of a member finds the entry. */
export function indexSubjects<Value>(
  store: Store,
  { subjects, isIndexed, code }: EntryKind<string, Value>,
  { value, sequence }: { readonly value: Value; readonly sequence: number },
): void {
  if (isIndexed === false) return;
  for (const memberId of subjects(value)) indexEntry(store, memberId, sequence, code);
}
