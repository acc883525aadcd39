// Zips and workbooks for tests, written byte by byte: nothing of the reader is used.
import { crc32, deflateRawSync } from 'node:zlib';

/** A zip of these files; a name may be bytes, in whatever encoding. */
export function zipOf(files: readonly (readonly [string | Buffer, string | Buffer])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of files) {
    const nameBytes = Buffer.from(name);
    const bytes = Buffer.from(content);
    const packed = deflateRawSync(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(8, 8);
    writeSizes(local, 14, { bytes, packed, nameLength: nameBytes.length });
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(20, 4);
    central.writeUInt16LE(20, 6);
    central.writeUInt16LE(8, 10);
    writeSizes(central, 16, { bytes, packed, nameLength: nameBytes.length });
    central.writeUInt32LE(offset, 42);
    parts.push(local, nameBytes, packed);
    directory.push(central, nameBytes);
    offset += local.length + nameBytes.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}

interface Sizes {
  readonly bytes: Buffer;
  readonly packed: Buffer;
  readonly nameLength: number;
}

function writeSizes(header: Buffer, at: number, { bytes, packed, nameLength }: Sizes): void {
  header.writeUInt32LE(crc32(bytes), at);
  header.writeUInt32LE(packed.length, at + 4);
  header.writeUInt32LE(bytes.length, at + 8);
  header.writeUInt16LE(nameLength, at + 12);
}

/** A cell: a text, or a number as the file keeps it, with the number of its style. */
export type Cell = string | { readonly v: string; readonly s?: number };

/** The number formats that `Cell.s` means: plain, day and time, day, six digits, clock. */
const numberFormats = ['', 'yyyy\\-mm\\-dd hh:mm:ss', 'yyyy/m/d;@', '000000', 'h:mm'];

/** A workbook of these sheets, its texts shared. */
export function workbookOf(sheets: Readonly<Record<string, readonly (readonly Cell[])[]>>): Buffer {
  const strings: string[] = [];
  const names = Object.keys(sheets);
  const files = Object.values(sheets).map((rows, index): [string, string] => [
    `xl/worksheets/sheet${index + 1}.xml`,
    sheetXml(rows, strings),
  ]);
  const relations = names.map(
    (_, index) => `<Relationship Id="rId${index + 1}" Target="worksheets/sheet${index + 1}.xml"/>`,
  );
  const listed = names.map(
    (name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
  );
  const formats = numberFormats.map(
    (code, index) => `<numFmt numFmtId="${164 + index}" formatCode="${code}"/>`,
  );
  const styles = numberFormats.map(
    (_, index) => `<xf numFmtId="${index === 0 ? 0 : 164 + index}"/>`,
  );
  return zipOf([
    ['xl/workbook.xml', `<workbook xmlns:r="r"><sheets>${listed.join('')}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `<Relationships>${relations.join('')}</Relationships>`],
    [
      'xl/styles.xml',
      `<styleSheet><numFmts>${formats.join('')}</numFmts>` +
        `<cellXfs>${styles.join('')}</cellXfs></styleSheet>`,
    ],
    ['xl/sharedStrings.xml', `<sst>${strings.map(sharedXml).join('')}</sst>`],
    ...files,
  ]);
}

/** With the phonetic guide that is no part of a text. */
function sharedXml(text: string): string {
  return `<si><r><t>${escaped(text)}</t></r><rPh><t>guide</t></rPh></si>`;
}

function sheetXml(rows: readonly (readonly Cell[])[], strings: string[]): string {
  const lines = rows.map((cells, row) => {
    const xml = cells.map((cell, column) => {
      const place = `${String.fromCharCode(65 + column)}${row + 1}`;
      if (cell === '') return '';
      if (typeof cell !== 'string')
        return `<c r="${place}" s="${cell.s ?? 0}"><v>${cell.v}</v></c>`;
      strings.push(cell);
      return `<c r="${place}" t="s"><v>${strings.length - 1}</v></c>`;
    });
    return `<row r="${row + 1}">${xml.join('')}</row>`;
  });
  return `<worksheet><sheetData>${lines.join('')}</sheetData></worksheet>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
