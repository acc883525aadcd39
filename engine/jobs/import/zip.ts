// Zip files: which files are in one, and the bytes of each, without unpacking it to disk.
import type { Readable } from 'node:stream';
import type { Entry, ZipFile } from 'yauzl';

/** What lies in a zip; `file` is a path or the bytes of the zip itself. */
export type ZipSource = string | Buffer;

const gbk = new TextDecoder('gb18030');
const utf8Flag = 0x800;

/** The names of all files in it, in the order of the zip. */
export async function listMembers(source: ZipSource): Promise<readonly string[]> {
  const names: string[] = [];
  await eachEntry(source, (entry) => {
    const name = nameOf(entry);
    if (!name.endsWith('/')) names.push(name);
    return undefined;
  });
  return names;
}

/** The unpacked bytes of one file. Rejects when there is none of that name. */
export async function openMember(source: ZipSource, member: string): Promise<Readable> {
  const found = await eachEntry(source, (entry, zip) =>
    nameOf(entry) === member ? openStream(zip, entry) : undefined,
  );
  if (found === undefined) throw new Error(`there is no ${member} in it`);
  return found;
}

/** Walks over the entries until `visit` has an answer. */
async function eachEntry(
  source: ZipSource,
  visit: (entry: Entry, zip: ZipFile) => Promise<Readable> | undefined,
): Promise<Readable | undefined> {
  const { fromBuffer, open } = await import('yauzl');
  return new Promise((resolve, reject) => {
    const walk = (error: Error | null, zip: ZipFile | undefined): void => {
      if (error !== null || zip === undefined) {
        reject(error ?? new Error('it is no zip'));
        return;
      }
      zip.on('error', reject);
      zip.on('end', () => resolve(undefined));
      zip.on('entry', (entry: Entry) => {
        const answer = visit(entry, zip);
        if (answer === undefined) zip.readEntry();
        else answer.then(resolve, reject);
      });
      zip.readEntry();
    };
    // Names come as bytes: Chinese Windows writes them in GBK, and says so nowhere.
    const options = { lazyEntries: true, decodeStrings: false, autoClose: true } as const;
    if (typeof source === 'string') open(source, options, walk);
    else fromBuffer(source, options, walk);
  });
}

function openStream(zip: ZipFile, entry: Entry): Promise<Readable> {
  return new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => {
      if (error !== null) {
        reject(error);
        return;
      }
      stream.once('close', () => zip.close());
      resolve(stream);
    });
  });
}

function nameOf(entry: Entry): string {
  const bytes = entry.fileName as unknown as Buffer;
  const isUtf8 = (entry.generalPurposeBitFlag & utf8Flag) !== 0;
  const text = bytes.toString('utf8');
  return isUtf8 || !text.includes('\uFFFD') ? text : gbk.decode(bytes);
}
