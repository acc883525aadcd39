// Looks at files of sales as `caini import --inspect` does, and imports them as it proposes.
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  findFiles,
  findTables,
  type ImportSummary,
  type Inspection,
  inspectTables,
  type ReadingTexts,
  readingOf,
} from '../../engine/index.ts';
import { folder, importInto, MemoryTarget } from './imports.ts';

const timeZone = 'Asia/Shanghai';

export interface Looked {
  readonly found: Inspection;
  /** Lines of receipts as they came in, `receipt member pieces item`, and then what came back. */
  readonly lines: readonly string[];
  /** The prices of these lines, in fen. */
  readonly prices: readonly (number | undefined)[];
  /** When each receipt was. */
  readonly times: readonly string[];
  readonly summary: ImportSummary | undefined;
}

type Content = string | Buffer;

/** Looks at one file, or at a folder of files by their names. */
export async function look(
  content: Content | Readonly<Record<string, Content>>,
  texts: ReadingTexts = {},
): Promise<Looked> {
  const here = mkdtempSync(join(folder, 'look-'));
  const isOne = typeof content === 'string' || Buffer.isBuffer(content);
  for (const [name, text] of Object.entries(isOne ? { in: content } : content)) {
    mkdirSync(dirname(join(here, 'files', name)), { recursive: true });
    writeFileSync(join(here, 'files', name), text);
  }
  const files = await findTables(findFiles([join(here, 'files', isOne ? 'in' : '.')]));
  const found = await inspectTables(files, { texts, timeZone, workFolder: here });
  const nothing = { lines: [], prices: [], times: [], summary: undefined };
  if (!found.isReady) return { found, ...nothing };
  const target = new MemoryTarget();
  const reading = await readingOf(withFlags(texts, found.flags), files, timeZone);
  const summary = await importInto(target, files, { ...reading, workFolder: here });
  const receipts = [...target.purchases.values()].map(({ purchase }) => purchase);
  const sold = receipts.flatMap(({ purchaseId, memberId = 'nobody', lines }) =>
    lines.map(({ itemId, quantity }) => `${purchaseId} ${memberId} ${quantity} ${itemId}`),
  );
  return {
    found,
    lines: [...sold, ...target.returnLines],
    prices: receipts.flatMap(({ lines }) => lines.map(({ unitPriceFen }) => unitPriceFen)),
    times: receipts.map(({ occurredAt }) => occurredAt),
    summary,
  };
}

const lists = ['map', 'skip', 'returns', 'thousandths', 'anonymous', 'ignore', 'join', 'on'];
const switches = ['fillDown', 'piecesInName'];

/** What a command line would be parsed to. */
function withFlags(texts: ReadingTexts, flags: readonly string[]): ReadingTexts {
  const parsed: Record<string, unknown> = { ...texts };
  for (let at = 0; at < flags.length; at += 1) {
    const name = flags[at]!.slice(2).replaceAll(/-[a-z]/g, (dash) => dash[1]!.toUpperCase());
    if (switches.includes(name)) {
      parsed[name] = true;
      continue;
    }
    at += 1;
    const value = flags[at]!;
    // The proposed map holds what was told.
    const before = name === 'map' ? undefined : (parsed[name] as string[] | undefined);
    parsed[name] = lists.includes(name) ? [...(before ?? []), value] : value;
  }
  return parsed as ReadingTexts;
}
