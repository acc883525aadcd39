// What `caini import` prints for a person at its end.
import type { ImportSummary } from '../../engine/index.ts';

/** A few lines; each figure has its sum in docs/guides/import.md. */
export function describeSummary(summary: ImportSummary): string {
  const { rowsRead, created, duplicate, conflict, rejected, rejects } = summary;
  const lines = [
    `${count(rowsRead)} rows in ${summary.seconds} s`,
    receiptLine(summary, { created, duplicate, conflict }),
    returnLine(summary),
    `rows refused: ${count(rejected)}`,
    `the chain now has ${count(summary.members)} members and ${count(summary.items)} items`,
    ...(rejects === null ? [] : [`rows that did not enter are listed in ${rejects}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function receiptLine(
  { anonymous }: ImportSummary,
  receipts: Readonly<Record<'created' | 'duplicate' | 'conflict', number>>,
): string {
  const parts = Object.entries(receipts).map(([name, amount]) => `${count(amount)} ${name}`);
  return `receipts: ${parts.join(', ')}; ${count(anonymous)} of them without a member`;
}

function returnLine(summary: ImportSummary): string {
  const { returns, returnsDuplicate, returnsUnmatched, returnsPartly } = summary;
  return [
    `returned rows: ${count(returns)} taken back (${count(returnsPartly)} of them only in part)`,
    `${count(returnsDuplicate)} duplicate`,
    `${count(returnsUnmatched)} without a purchase`,
  ].join(', ');
}

function count(amount: number): string {
  return amount.toLocaleString('en-US');
}
