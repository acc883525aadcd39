// Receipts before a moment have left the retention window at the origin that says so; they leave
// everywhere (jobs do that, slice by slice), and what comes later and is older expires as it comes.
import type { WriteContext } from './context.ts';
import { type EntryKind, namesNoMember } from './kind.ts';
import { expiredBeforeMs } from './tombstones.ts';

export interface LoggedExpiry {
  readonly beforeMs: number;
}

export const expireEntries: EntryKind<'expire', LoggedExpiry> = {
  name: 'expire',
  code: 19,
  stream: 'log',
  encode: (writer, { beforeMs }) => {
    writer.signed(beforeMs);
  },
  decode: (reader) => ({ beforeMs: reader.signed() }),
  subjects: () => [],
  apply(context, { value: { beforeMs }, append }) {
    append(true);
    // Where there is one origin, nothing older can come from elsewhere.
    if (context.log.origins.isNamed) appendExpiry(context, beforeMs);
  },
  forget: namesNoMember,
};

export function appendExpiry(context: WriteContext, beforeMs: number): void {
  if (beforeMs > expiredBeforeMs(context)) context.store.writeMeta('expiredBefore', beforeMs);
}
