// Workbooks (.xlsx): their sheets as records of text, read as a stream. Numbers come as the digits
// that the spreadsheet shows, days and times as ISO text.
import type { Readable } from 'node:stream';
import type { SaxesParser, SaxesTagPlain } from 'saxes';
import { unreadable } from './file.ts';
import type { TableRecord } from './records.ts';
import { cellText, type NumberStyle, styleOf } from './sheet-cells.ts';
import { listMembers, openMember, type ZipSource } from './zip.ts';

export interface Sheet {
  readonly name: string;
  readonly isHidden: boolean;
  /** The file of the zip that holds it. */
  readonly member: string;
}

export interface Workbook {
  readonly sheets: readonly Sheet[];
  readonly strings: readonly string[];
  readonly styles: readonly NumberStyle[];
  readonly is1904: boolean;
}

const recordsPerChunk = 512;
const columnsMax = 16_384;

/** Whether a zip is a workbook. */
export function isWorkbook(members: readonly string[]): boolean {
  return members.includes('xl/workbook.xml');
}

/** Everything that the sheets share. */
export async function openWorkbook(source: ZipSource, label: string): Promise<Workbook> {
  try {
    const members = await listMembers(source);
    const targets = await readTargets(source, members);
    const sheets: Sheet[] = [];
    let is1904 = false;
    await parseMember(source, 'xl/workbook.xml', ({ name, attributes }) => {
      if (name === 'workbookPr') is1904 = /^(?:1|true)$/.test(attributes['date1904'] ?? '');
      if (name !== 'sheet') return;
      const member = targets.get(attributes['r:id'] ?? '') ?? '';
      const isHidden = (attributes['state'] ?? 'visible') !== 'visible';
      if (members.includes(member))
        sheets.push({ name: attributes['name'] ?? '', isHidden, member });
    });
    const strings = await readStrings(source, members);
    const styles = await readStyles(source, members);
    return { sheets, strings, styles, is1904 };
  } catch (cause) {
    throw unreadable(label, cause);
  }
}

/** The rows of one sheet that hold anything. */
export async function* readSheet(
  source: ZipSource,
  {
    workbook,
    sheet,
    label,
  }: {
    readonly workbook: Workbook;
    readonly sheet: Sheet;
    readonly label: string;
  },
): AsyncGenerator<readonly TableRecord[]> {
  const reader = new SheetReader(workbook);
  const parser = await plainParser(reader);
  const stream = await openMember(source, sheet.member);
  try {
    for await (const text of decoded(stream)) {
      parser.write(text);
      if (reader.size >= recordsPerChunk) yield reader.take();
    }
    parser.close();
    if (reader.size > 0) yield reader.take();
  } catch (cause) {
    throw unreadable(label, cause);
  } finally {
    stream.destroy();
  }
}

/** Collects the cells of a row as the XML comes. */
class SheetReader {
  private readonly workbook: Workbook;
  private records: TableRecord[] = [];
  private fields: string[] = [];
  private row = 0;
  private column = 0;
  private kind = 'n';
  private style: NumberStyle | undefined;
  #text = '';
  private isText = false;

  constructor(workbook: Workbook) {
    this.workbook = workbook;
  }

  get size(): number {
    return this.records.length;
  }

  take(): readonly TableRecord[] {
    const records = this.records;
    this.records = [];
    return records;
  }

  open({ name, attributes }: PlainTag): void {
    if (name === 'row') {
      this.row = Number(attributes['r'] ?? this.row + 1);
      this.fields = [];
      this.column = 0;
    } else if (name === 'c') {
      this.column = columnOf(attributes['r']) ?? this.column;
      this.kind = attributes['t'] ?? 'n';
      this.style = this.workbook.styles[Number(attributes['s'] ?? 0)];
      this.#text = '';
    }
    this.isText = name === 'v' || name === 't';
  }

  text(text: string): void {
    if (this.isText) this.#text += text;
  }

  close(name: string): void {
    if (name === 'v' || name === 't') this.isText = false;
    if (name === 'c') this.endCell();
    if (name !== 'row') return;
    if (this.fields.some((text) => text.trim() !== '')) {
      this.records.push({ line: this.row, fields: this.fields });
    }
  }

  private endCell(): void {
    if (this.column >= columnsMax) return;
    const { strings, is1904 } = this.workbook;
    while (this.fields.length < this.column) this.fields.push('');
    const text =
      this.kind === 's'
        ? (strings[Number(this.#text)] ?? '')
        : cellText(this.#text, { kind: this.kind, style: this.style, is1904 });
    this.fields[this.column] = text;
    this.column += 1;
  }
}

interface PlainTag {
  /** Without the prefix of its namespace. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface XmlEars {
  open(tag: PlainTag): void;
  text(text: string): void;
  close(name: string): void;
}

async function plainParser(ears: XmlEars): Promise<SaxesParser> {
  const { SaxesParser } = await import('saxes');
  const parser = new SaxesParser();
  const plainName = (name: string) => name.slice(name.indexOf(':') + 1);
  parser.on('opentag', (tag: SaxesTagPlain) => {
    ears.open({ name: plainName(tag.name), attributes: tag.attributes });
  });
  parser.on('text', (text) => ears.text(text));
  parser.on('cdata', (text) => ears.text(text));
  parser.on('closetag', (tag) => ears.close(plainName(tag.name)));
  parser.on('error', (error) => {
    throw error;
  });
  return parser;
}

async function parseMember(
  source: ZipSource,
  member: string,
  open: (tag: PlainTag) => void,
  rest: Partial<XmlEars> = {},
): Promise<void> {
  const parser = await plainParser({ open, text: () => {}, close: () => {}, ...rest });
  for await (const text of decoded(await openMember(source, member))) parser.write(text);
  parser.close();
}

async function* decoded(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8');
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    yield decoder.decode(chunk, { stream: true });
  }
  yield decoder.decode();
}

/** Which file each relation of the workbook means. */
async function readTargets(
  source: ZipSource,
  members: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const targets = new Map<string, string>();
  const member = 'xl/_rels/workbook.xml.rels';
  if (!members.includes(member)) return targets;
  await parseMember(source, member, ({ name, attributes }) => {
    if (name !== 'Relationship') return;
    const target = attributes['Target'] ?? '';
    const path = target.startsWith('/') ? target.slice(1) : `xl/${target.replace(/^\.\//, '')}`;
    targets.set(attributes['Id'] ?? '', path);
  });
  return targets;
}

/** The texts that cells share; phonetic guides of Japanese and Chinese are no part of them. */
async function readStrings(
  source: ZipSource,
  members: readonly string[],
): Promise<readonly string[]> {
  const strings: string[] = [];
  if (!members.includes('xl/sharedStrings.xml')) return strings;
  let [current, isText, isGuide] = ['', false, false];
  const open = ({ name }: PlainTag) => {
    if (name === 'si') current = '';
    if (name === 'rPh') isGuide = true;
    isText = name === 't' && !isGuide;
  };
  await parseMember(source, 'xl/sharedStrings.xml', open, {
    text: (text) => {
      if (isText) current += text;
    },
    close: (name) => {
      if (name === 'si') strings.push(current);
      if (name === 'rPh') isGuide = false;
      isText = false;
    },
  });
  return strings;
}

async function readStyles(
  source: ZipSource,
  members: readonly string[],
): Promise<readonly NumberStyle[]> {
  const codes = new Map<number, string>();
  const styles: NumberStyle[] = [];
  if (!members.includes('xl/styles.xml')) return styles;
  let isInCells = false;
  const open = ({ name, attributes }: PlainTag) => {
    if (name === 'numFmt') {
      codes.set(Number(attributes['numFmtId']), attributes['formatCode'] ?? '');
    }
    if (name === 'cellXfs') isInCells = true;
    if (name !== 'xf' || !isInCells) return;
    const id = Number(attributes['numFmtId'] ?? 0);
    styles.push(styleOf(id, codes.get(id)));
  };
  const close = (name: string) => {
    if (name === 'cellXfs') isInCells = false;
  };
  await parseMember(source, 'xl/styles.xml', open, { close });
  return styles;
}

/** `AB12` stands in column 27, counted from 0. */
function columnOf(place: string | undefined): number | undefined {
  if (place === undefined) return undefined;
  let column = 0;
  for (const letter of place) {
    const value = letter.charCodeAt(0) - 64;
    if (value < 1 || value > 26) break;
    column = column * 26 + value;
  }
  return column === 0 ? undefined : column - 1;
}
