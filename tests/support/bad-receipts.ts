// Receipts that no door may take: every kind of bad input, and what must be said of it.

const line = { itemId: 'milk', quantity: 1, unitPriceFen: 500 };

export function receipt(changes: object = {}): Record<string, unknown> {
  const occurredAt = '2026-05-01T09:10:00+08:00';
  return { purchaseId: 'r-1', memberId: 'ann', occurredAt, lines: [line], ...changes };
}

/**
 * The receipt as text, with one piece of it replaced by text that JSON.stringify would never write.
 */
function receiptText(piece: string, replacement: string): string {
  const text = JSON.stringify(receipt());
  if (!text.includes(piece)) throw new Error(`no ${piece} to replace`);
  return text.replace(piece, replacement);
}

const quantity = (text: string) => receiptText('"quantity":1', `"quantity":${text}`);
const manyLines = (count: number) => Array(count).fill({ itemId: 'a', quantity: 1 });

export interface BadReceipt {
  readonly name: string;
  readonly body: unknown;
  readonly status: number;
  readonly field: string;
  readonly value?: string;
  readonly limit?: string | number;
}

export const badReceipts: readonly BadReceipt[] = [
  {
    name: 'a text for a number',
    body: quantity('"1"'),
    status: 422,
    field: 'lines[0].quantity',
    value: '"1"',
    limit: 'a number from -1000000000 to 1000000000',
  },
  {
    name: 'null for a number',
    body: quantity('null'),
    status: 422,
    field: 'lines[0].quantity',
    value: 'null',
  },
  {
    name: 'true for a number',
    body: quantity('true'),
    status: 422,
    field: 'lines[0].quantity',
    value: 'true',
  },
  {
    name: 'a number for a text',
    body: receipt({ memberId: 7 }),
    status: 422,
    field: 'memberId',
    value: '7',
    limit: 'a string',
  },
  {
    name: 'an object for an array',
    body: receipt({ lines: {} }),
    status: 422,
    field: 'lines',
    value: 'object of 0 fields',
  },
  {
    name: 'an array for a receipt',
    body: [receipt()],
    status: 422,
    field: 'body',
    value: 'array of 1',
    limit: 'an object',
  },
  {
    name: 'a text for a receipt',
    body: '"receipt"',
    status: 422,
    field: 'body',
    value: '"receipt"',
  },
  { name: 'NaN', body: quantity('NaN'), status: 400, field: 'lines[0].quantity' },
  { name: 'Infinity', body: quantity('Infinity'), status: 400, field: 'lines[0].quantity' },
  {
    name: '1e400',
    body: quantity('1e400'),
    status: 422,
    field: 'lines[0].quantity',
    value: '"1e400"',
  },
  {
    name: '-1',
    body: quantity('-1'),
    status: 422,
    field: 'lines[0].quantity',
    value: '-1',
    limit: 0.001,
  },
  {
    name: '0',
    body: quantity('0'),
    status: 422,
    field: 'lines[0].quantity',
    value: '0',
    limit: 0.001,
  },
  {
    name: '-0',
    body: receiptText(':500', ':-0'),
    status: 422,
    field: 'lines[0].unitPriceFen',
    value: '"-0"',
  },
  {
    name: '1.2345',
    body: quantity('1.2345'),
    status: 422,
    field: 'lines[0].quantity',
    value: '1.2345',
  },
  {
    name: '2^53',
    body: quantity('9007199254740992'),
    status: 422,
    field: 'lines[0].quantity',
    value: '9007199254740992',
    limit: 1_000_000_000,
  },
  {
    name: 'no lines',
    body: receipt({ lines: undefined }),
    status: 422,
    field: 'lines',
    value: 'absent',
  },
  {
    name: 'empty lines',
    body: receipt({ lines: [] }),
    status: 422,
    field: 'lines',
    value: 'array of 0',
    limit: 1,
  },
  {
    name: '2,001 lines',
    body: receipt({ lines: manyLines(2_001) }),
    status: 422,
    field: 'lines',
    value: 'array of 2001',
    limit: 2_000,
  },
  {
    name: '100,000 lines',
    body: receipt({ lines: manyLines(100_000) }),
    status: 413,
    field: 'body',
    limit: 1_048_576,
  },
  { name: '2 MB', body: ' '.repeat(2 * 1_048_576), status: 413, field: 'body', limit: 1_048_576 },
  {
    name: 'an unknown field',
    body: receipt({ colour: 'red' }),
    status: 422,
    field: 'colour',
    value: '"red"',
  },
  {
    name: 'an unknown field in a line',
    body: receipt({ lines: [{ ...line, colour: 1 }] }),
    status: 422,
    field: 'lines[0].colour',
    limit: 'one of itemId, quantity, unitPriceFen, discountFen, lineTotalFen, isGift',
  },
  {
    name: '__proto__',
    body: receiptText('"memberId":"ann"', '"__proto__":{"memberId":"ann"}'),
    status: 422,
    field: '__proto__',
    value: 'object of 1 fields',
  },
  { name: 'constructor', body: receipt({ constructor: 1 }), status: 422, field: 'constructor' },
  {
    name: 'a key given twice',
    body: quantity('1,"quantity":2'),
    status: 422,
    field: 'lines[0].quantity',
    value: 'repeated',
    limit: 'once',
  },
  {
    name: 'a lone surrogate in an id',
    body: receiptText('"ann"', '"a\\ud800n"'),
    status: 422,
    field: 'memberId',
    value: '"a\\ud800n"',
    limit: 'well-formed Unicode',
  },
  {
    name: 'an empty id',
    body: receipt({ memberId: '' }),
    status: 422,
    field: 'memberId',
    value: '""',
    limit: 1,
  },
  {
    name: 'an id of 129 bytes',
    body: receipt({ memberId: '猜'.repeat(43) }),
    status: 422,
    field: 'memberId',
    limit: 128,
  },
  {
    name: 'a time without offset',
    body: receipt({ occurredAt: '2026-05-01T09:10:00' }),
    status: 422,
    field: 'occurredAt',
    value: '"2026-05-01T09:10:00"',
  },
  {
    name: 'a day that is none',
    body: receipt({ occurredAt: '2026-02-30T09:10:00Z' }),
    status: 422,
    field: 'occurredAt',
  },
  {
    name: 'a time in the future',
    body: receipt({ occurredAt: '2999-01-01T00:00:00Z' }),
    status: 422,
    field: 'occurredAt',
    value: '"2999-01-01T00:00:00Z"',
  },
  {
    name: 'an unknown channel',
    body: receipt({ channel: 'fax' }),
    status: 422,
    field: 'channel',
    value: '"fax"',
    limit: 'one of app, mini_program, pos, web, other',
  },
  {
    name: 'the same id with other content',
    body: receipt({ purchaseId: 'taken', memberId: 'bob' }),
    status: 409,
    field: 'purchaseId',
    value: '"taken"',
  },
  { name: 'half a JSON', body: '{"purchaseId":', status: 400, field: 'purchaseId' },
  { name: 'nothing', body: '', status: 400, field: 'body' },
  { name: 'deep nesting', body: '['.repeat(100_000), status: 400, field: 'body', limit: 16 },
  {
    name: 'overlong UTF-8',
    body: Buffer.from('{"purchaseId":"\xc0\xaf"}', 'latin1'),
    status: 400,
    field: 'body',
    limit: 'UTF-8',
  },
  {
    name: 'a surrogate in UTF-8',
    body: Buffer.from('"\xed\xa0\x80"', 'latin1'),
    status: 400,
    field: 'body',
  },
  {
    name: 'an empty batch',
    body: { purchases: [] },
    status: 422,
    field: 'purchases',
    limit: 'an array of 1 to 1000',
  },
  {
    name: 'a batch of 1,001',
    body: { purchases: Array(1_001).fill(1) },
    status: 422,
    field: 'purchases',
    value: 'array of 1001',
  },
  {
    name: 'a batch that is no array',
    body: { purchases: receipt() },
    status: 422,
    field: 'purchases',
  },
  {
    name: 'a field beside the batch',
    body: { purchases: [receipt()], member: 'ann' },
    status: 422,
    field: 'member',
    limit: 'purchases',
  },
];
