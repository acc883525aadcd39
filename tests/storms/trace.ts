// Reads what disk-trace.c recorded: every change below one folder, in order, with the marks of what
// was synced.
import { readFileSync } from 'node:fs';

export type Change =
  | {
      readonly kind: 'write';
      readonly inode: number;
      readonly offset: number;
      readonly bytes: Buffer;
      /** Written through O_DSYNC: durable when the call returned. */
      readonly isSynced: boolean;
    }
  | { readonly kind: 'truncate'; readonly inode: number; readonly length: number }
  | { readonly kind: 'sync'; readonly inode: number }
  | { readonly kind: 'create' | 'folder'; readonly inode: number; readonly path: string }
  | { readonly kind: 'rename'; readonly from: string; readonly path: string }
  | { readonly kind: 'remove'; readonly path: string };

const recordBytes = 32;

/** Paths come out relative to `root`. */
export function readTrace(path: string, root: string): Change[] {
  const trace = readFileSync(path);
  const changes: Change[] = [];
  for (let at = 0; at < trace.length; ) {
    const length = Number(trace.readBigUInt64LE(at + 24));
    // Only writes and names carry bytes; the process may have been killed in the middle of the
    // last.
    const end = at + recordBytes + length;
    if (end > trace.length) break;
    changes.push(
      changeOf(trace.subarray(at, at + recordBytes), trace.subarray(at + 32, end), root),
    );
    at = end;
  }
  return changes;
}

function changeOf(record: Buffer, bytes: Buffer, root: string): Change {
  const inode = Number(record.readBigUInt64LE(8));
  const offset = Number(record.readBigUInt64LE(16));
  const named = (path: string) => path.slice(root.length + 1);
  const code = record.readUInt32LE(0);
  switch (code) {
    case 1:
      return { kind: 'write', inode, offset, bytes, isSynced: record.readUInt32LE(4) === 1 };
    case 2:
      return { kind: 'truncate', inode, length: offset };
    case 3:
      return { kind: 'sync', inode };
    case 4:
    case 5:
      return { kind: code === 4 ? 'create' : 'folder', inode, path: named(bytes.toString()) };
    case 6: {
      const [from, path] = bytes.toString().split('\0');
      return { kind: 'rename', from: named(from!), path: named(path!) };
    }
    default:
      return { kind: 'remove', path: named(bytes.toString()) };
  }
}
