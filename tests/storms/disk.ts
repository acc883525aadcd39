// A disk that loses its power: from a trace, what could lie on it at one moment. Synced bytes and
// names are there; of the others a random part is, in any order, some torn between two sectors.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Chance } from './chance.ts';
import type { Change } from './trace.ts';

const sectorSizes = [512, 4_096] as const;
/** The storm's own notes: the world outside, which no power loss takes back. */
const journalName = 'journal';

type Write = Extract<Change, { kind: 'write' }>;
type DataChange = Write | Extract<Change, { kind: 'truncate' }>;
type NameChange = Extract<Change, { kind: 'create' | 'folder' | 'rename' | 'remove' }>;

class File {
  readonly durable: DataChange[] = [];
  pending: DataChange[] = [];

  sync(): void {
    this.durable.push(...this.pending);
    this.pending = [];
  }
}

class Folder {
  readonly children = new Map<string, File | Folder>();
}

/** One change of a name, with the folders whose sync makes it last. */
interface NameStep {
  readonly change: NameChange;
  readonly node: File | Folder | undefined;
  readonly folders: readonly Folder[];
}

function folderAt(root: Folder, path: string): Folder | undefined {
  let folder = root;
  for (const name of path === '.' ? [] : path.split('/')) {
    const child = folder.children.get(name);
    if (!(child instanceof Folder)) return undefined;
    folder = child;
  }
  return folder;
}

function applyName(root: Folder, { change, node }: NameStep): void {
  const target = folderAt(root, dirname(change.path))!;
  if (change.kind === 'remove') {
    target.children.delete(basename(change.path));
  } else if (change.kind === 'rename') {
    const source = folderAt(root, dirname(change.from))!;
    const moved = source.children.get(basename(change.from))!;
    source.children.delete(basename(change.from));
    target.children.set(basename(change.path), moved);
  } else {
    // Folders are made anew for each tree, files are shared: their bytes do not depend on their
    // name.
    target.children.set(basename(change.path), change.kind === 'folder' ? new Folder() : node!);
  }
}

/** Follows a trace up to a moment. */
class Disk {
  private readonly root = new Folder();
  private readonly nodes = new Map<number, File | Folder>();
  private readonly steps: NameStep[] = [];
  private durableSteps = 0;
  private journalInode: number | undefined;
  private readonly notes: Buffer[] = [];
  /**
   * Whether a sync of any file writes the file system's journal, as on ext4 and XFS. POSIX asks
   * for less.
   */
  private readonly syncsNames: boolean;

  constructor(rootInode: number, syncsNames: boolean) {
    this.nodes.set(rootInode, this.root);
    this.syncsNames = syncsNames;
  }

  get journal(): Buffer {
    return Buffer.concat(this.notes);
  }

  follow(change: Change): void {
    if ('inode' in change && change.inode === this.journalInode) {
      if (change.kind === 'write') this.notes.push(change.bytes);
    } else if (change.kind === 'write' || change.kind === 'truncate') {
      this.changeData(change);
    } else if (change.kind === 'sync') {
      this.sync(this.nodes.get(change.inode)!);
    } else {
      this.changeName(change);
    }
  }

  /** A write that the power loss met on its way: nobody has waited for it yet. */
  begin(change: Change): void {
    if (change.kind === 'write') this.follow({ ...change, isSynced: false });
  }

  private changeData(change: DataChange): void {
    const file = this.nodes.get(change.inode) as File;
    const isSynced = change.kind === 'write' && change.isSynced;
    (isSynced ? file.durable : file.pending).push(change);
  }

  private sync(node: File | Folder): void {
    if (node instanceof File) node.sync();
    if (this.syncsNames) this.durableSteps = this.steps.length;
    const last = this.steps.findLastIndex(({ folders }) => folders.includes(node as Folder));
    this.durableSteps = Math.max(this.durableSteps, last + 1);
  }

  private changeName(change: NameChange): void {
    if (change.kind === 'create' && change.path === journalName) {
      this.journalInode = change.inode;
      return;
    }
    const paths = change.kind === 'rename' ? [change.from, change.path] : [change.path];
    const folders = paths.map((path) => folderAt(this.root, dirname(path))!);
    const step = { change, folders, node: change.kind === 'create' ? new File() : undefined };
    applyName(this.root, step);
    this.steps.push(step);
    if (change.kind === 'create') this.nodes.set(change.inode, step.node!);
    if (change.kind === 'folder') this.nodes.set(change.inode, folderAt(this.root, change.path)!);
  }

  /**
   * What is left. Names change in the order of the file system's journal, so a beginning of them
   * is.
   */
  lose(chance: Chance): Folder {
    const open = this.steps.length - this.durableSteps;
    const left = new Folder();
    for (const step of this.steps.slice(0, this.durableSteps + chance.integer(open + 1))) {
      applyName(left, step);
    }
    return left;
  }
}

/** The sectors of a write that reached the disk, as writes of their own. */
function tear(write: Write, chance: Chance): Write[] {
  const size = chance.pick(sectorSizes);
  const torn: Write[] = [];
  const end = write.offset + write.bytes.length;
  for (let at = write.offset; at < end; ) {
    const next = Math.min(end, (Math.floor(at / size) + 1) * size);
    const bytes = write.bytes.subarray(at - write.offset, next - write.offset);
    if (chance.happens(0.5)) torn.push({ ...write, offset: at, bytes });
    at = next;
  }
  return torn;
}

/** Which of the unsynced changes reached the disk, in the order in which they did. */
function survivors(pending: readonly DataChange[], chance: Chance): DataChange[] {
  // A disk may have written nearly all or nearly nothing.
  const share = chance.pick([0, 0.2, 0.5, 0.8, 1]);
  const kept = pending.flatMap((change) => {
    if (!chance.happens(share)) return [];
    return change.kind === 'write' && chance.happens(0.4) ? tear(change, chance) : [change];
  });
  return chance.happens(0.5) ? chance.shuffled(kept) : kept;
}

function contentOf(file: File, chance: Chance): Buffer {
  const changes = [...file.durable, ...survivors(file.pending, chance)];
  const ends = changes.map((c) => (c.kind === 'write' ? c.offset + c.bytes.length : c.length));
  const content = Buffer.alloc(Math.max(0, ...ends));
  let length = 0;
  for (const change of changes) {
    if (change.kind === 'write') {
      change.bytes.copy(content, change.offset);
      length = Math.max(length, change.offset + change.bytes.length);
    } else {
      if (change.length < length) content.fill(0, change.length, length);
      length = change.length;
    }
  }
  return content.subarray(0, length);
}

function writeTree(folder: Folder, path: string, chance: Chance): void {
  mkdirSync(path, { recursive: true });
  for (const [name, node] of folder.children) {
    if (node instanceof Folder) writeTree(node, join(path, name), chance);
    // The lock file is shared memory; after a restart of the machine nobody holds it.
    else if (name !== 'lock.mdb') writeFileSync(join(path, name), contentOf(node, chance));
  }
}

export interface PowerLoss {
  readonly changes: readonly Change[];
  readonly rootInode: number;
  /** Everything before this change has happened; this one was on its way. */
  readonly at: number;
}

/** Builds the folder as it could be found after the power came back, with the journal as it was. */
export function losePower({ changes, rootInode, at }: PowerLoss, folder: string, chance: Chance) {
  const disk = new Disk(rootInode, chance.happens(0.5));
  for (const change of changes.slice(0, at)) disk.follow(change);
  disk.begin(changes[at]!);
  writeTree(disk.lose(chance), folder, chance);
  writeFileSync(join(folder, journalName), disk.journal);
}

/** A chain that is made, before its first receipt. */
const firstStartChanges = 90;

/** Moments worth a look: anywhere, after promises, around syncs and names, in the first start. */
export function choosePoints(changes: readonly Change[], count: number, chance: Chance): number[] {
  const journal = changes.find((c) => c.kind === 'create' && c.path === journalName);
  const inode = journal && 'inode' in journal ? journal.inode : 0;
  const indexesOf = (suits: (change: Change) => boolean) =>
    changes.flatMap((change, index) => (suits(change) ? [index] : []));
  const promises = indexesOf((c) => c.kind === 'write' && c.inode === inode);
  const syncs = indexesOf((c) => c.kind === 'sync' || (c.kind === 'write' && c.isSynced));
  const names = indexesOf((c) => 'path' in c);
  const last = changes.length - 1;
  // A disk that lies has no syncs.
  const near = (indexes: readonly number[]) =>
    Math.min(last, (indexes.length > 0 ? chance.pick(indexes) : chance.integer(last)) + 1);
  return Array.from({ length: count }, (_, number) => {
    const kind = number % 5;
    if (kind === 0) return chance.integer(changes.length);
    if (kind === 1) return near(promises);
    if (kind === 4) return chance.integer(Math.min(firstStartChanges, changes.length));
    return near(kind === 2 ? syncs : names) - chance.integer(2);
  });
}
