// Whether a trail is whole, from its files alone: every line, every slot, every node of the tree,
// and that it goes on from a head that was saved. Changes nothing.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { whileClaimed } from './claim.ts';
import { type Entry, entryOf, textOf } from './entry.ts';
import {
  entriesPath,
  lastSegment,
  linesIn,
  nodesPath,
  readRange,
  readWhole,
  sizeOf,
  subjectsPath,
} from './files.ts';
import { trailLimits } from './limits.ts';
import type { TreeHead } from './read.ts';
import { isSecretOf, slotBytes, slotsIn } from './slots.ts';
import { emptyRoot, Frontier, hashBytes, leafHash, nodeCount } from './tree.ts';

export interface Verified extends TreeHead {
  readonly ok: boolean;
  /** Commitments whose salt is there, and those whose salt was destroyed. */
  readonly subjectsKept: number;
  readonly subjectsDestroyed: number;
  /** Of those that have begun, how many have not ended. */
  readonly unfinished: number;
  readonly faultCount: number;
  /** The first of them, in words. */
  readonly faults: readonly string[];
}

const faultsShown = 20;
const { segmentEntries } = trailLimits;

/** What there is at one moment: what comes while it is read is not looked at. */
interface Extent {
  /** The last segment; -1: none. */
  readonly last: number;
  readonly entries: number;
  readonly subjects: number;
  readonly nodes: number;
}

/** `saved`: heads of before that the trail must go on from. */
export async function verifyTrail(
  folder: string,
  saved: readonly TreeHead[] = [],
): Promise<Verified> {
  const extent = existsSync(folder) ? await whileClaimed(folder, () => extentOf(folder)) : nothing;
  return new Verifier(folder, extent, saved).run();
}

const nothing: Extent = { last: -1, entries: 0, subjects: 0, nodes: 0 };

function extentOf(folder: string): Extent {
  const last = lastSegment(folder);
  return {
    last,
    entries: sizeOf(entriesPath(folder, last)),
    subjects: sizeOf(subjectsPath(folder, last)),
    nodes: sizeOf(nodesPath(folder)),
  };
}

class Verifier {
  private readonly folder: string;
  private readonly extent: Extent;
  private readonly saved: readonly TreeHead[];
  private readonly frontier = new Frontier(0, () => emptyRoot);
  private readonly faults: string[] = [];
  private faultCount = 0;
  private kept = 0;
  private destroyed = 0;
  /** Of those that have begun and not ended. */
  private readonly open = new Map<number, string>();

  constructor(folder: string, extent: Extent, saved: readonly TreeHead[]) {
    this.folder = folder;
    this.extent = extent;
    this.saved = saved;
  }

  run(): Verified {
    const { frontier } = this;
    this.compareHeads();
    this.lookAtNames();
    const { last, nodes } = this.extent;
    for (let segment = 0; segment <= last; segment++) this.lookAt(segment, segment === last);
    if (nodes !== nodeCount(frontier.size) * hashBytes) {
      this.fault(
        `nodes has ${nodes} bytes, but should have ${nodeCount(frontier.size) * hashBytes}`,
      );
    }
    for (const { treeSize } of this.saved) {
      if (treeSize <= frontier.size) continue;
      this.fault(`the saved head is of ${treeSize} entries, and there are ${frontier.size}`);
    }
    return {
      ok: this.faultCount === 0,
      treeSize: frontier.size,
      rootHash: frontier.root().toString('hex'),
      subjectsKept: this.kept,
      subjectsDestroyed: this.destroyed,
      unfinished: this.open.size,
      faultCount: this.faultCount,
      faults: this.faults,
    };
  }

  private fault(what: string): void {
    this.faultCount += 1;
    if (this.faults.length < faultsShown) this.faults.push(what);
  }

  private lookAtNames(): void {
    const { folder } = this;
    if (!existsSync(folder)) {
      this.fault(`${folder} is not there`);
      return;
    }
    const known =
      /^(\d{9}\.(entries|subjects)|nodes|reserve(\.new)?|forgotten-[0-9a-f]{16}(\.new)?)$/;
    for (const name of readdirSync(folder)) {
      if (!known.test(name)) this.fault(`${name} is no file of a trail`);
    }
    for (const name of readdirSync(folder).filter((each) => each.startsWith('forgotten-'))) {
      const { lines, rest } = linesIn(readWhole(join(folder, name)));
      const isWhole = lines.length === 1 && rest.length === 0 && textOf(lines[0]!) !== undefined;
      if (!isWhole) this.fault(`${name} is not what was written`);
    }
  }

  private lookAt(segment: number, isLast: boolean): void {
    const { entries: bytes } = this.extent;
    const whole = readWhole(entriesPath(this.folder, segment));
    const { lines, rest } = linesIn(isLast ? whole.subarray(0, bytes) : whole);
    const place = (index: number) => `entry ${segment * segmentEntries + index}`;
    const start = this.frontier.size;
    const entries: Entry[] = [];
    const nodes: Buffer[] = [];
    for (const [index, line] of lines.entries()) {
      const text = textOf(line);
      const entry = text && entryOf(text);
      if (text === undefined || entry === undefined) {
        this.fault(`${place(index)} is not what was written`);
        // What stands behind it is compared all the same, though under another number.
        continue;
      }
      entries.push(entry);
      nodes.push(...this.frontier.push(leafHash(text)));
      this.compareHeads();
      this.follow(entry, this.frontier.size - 1);
    }
    if (rest.length > 0) this.fault(`${place(lines.length)} is cut short`);
    const isFull = lines.length === segmentEntries;
    if (lines.length > segmentEntries || !(isLast || isFull)) {
      this.fault(
        `segment ${segment} has ${lines.length} entries, but should have ${segmentEntries}`,
      );
    }
    this.compareNodes(start, nodes);
    const subjects = isLast ? this.extent.subjects : undefined;
    this.compareSlots({ segment, subjects }, start, entries);
  }

  /** What has ended has begun, once. */
  private follow({ operation, outcome, of }: Entry, leafIndex: number): void {
    if (outcome === undefined) this.open.set(leafIndex, operation);
    if (of === undefined) return;
    if (this.open.get(of) === operation) this.open.delete(of);
    else this.fault(`entry ${leafIndex} ends ${operation}, which entry ${of} did not begin`);
  }

  private compareHeads(): void {
    for (const { treeSize, rootHash } of this.saved) {
      if (treeSize !== this.frontier.size) continue;
      const root = this.frontier.root().toString('hex');
      if (root === rootHash) continue;
      this.fault(`the first ${treeSize} entries have root ${root}, the saved head ${rootHash}`);
    }
  }

  private compareNodes(start: number, nodes: readonly Buffer[]): void {
    const expected = Buffer.concat(nodes);
    const at = nodeCount(start) * hashBytes;
    const found = readRange(nodesPath(this.folder), at, expected.length);
    if (!found.equals(expected)) this.fault(`nodes differ from the entries from ${start} on`);
  }

  private compareSlots(
    { segment, subjects: end }: { readonly segment: number; readonly subjects: number | undefined },
    start: number,
    entries: readonly Entry[],
  ): void {
    const bytes = readWhole(subjectsPath(this.folder, segment)).subarray(0, end);
    const slots = slotsIn(bytes);
    let at = 0;
    for (const [index, { subjects = [] }] of entries.entries()) {
      for (const [ordinal, { commitment }] of subjects.entries()) {
        const slot = slots[at];
        at += 1;
        const leafIndex = start + index;
        const what = `subject ${ordinal} of entry ${leafIndex}`;
        if (slot === undefined) this.fault(`${what} is damaged or gone`);
        else if (slot.secret === undefined) this.destroyed += 1;
        else if (slot.leafIndex !== leafIndex || slot.ordinal !== ordinal) {
          this.fault(`${what} stands elsewhere`);
        } else if (isSecretOf(slot.secret, commitment)) this.kept += 1;
        else this.fault(`${what} is not what its commitment says`);
      }
    }
    if (bytes.length !== at * slotBytes) {
      const text = `has ${bytes.length} bytes, but should have ${at * slotBytes}`;
      this.fault(`the subjects of segment ${segment} ${text}`);
    }
  }
}
