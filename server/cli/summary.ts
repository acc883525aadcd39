// What `caini import` prints for a person at its end.
import type { ImportSummary } from '../../engine/index.ts';

/** A few lines; each figure has its sum in docs/guides/import.md. */
export function describeSummary(summary: ImportSummary): string {
  const { rowsRead, created, duplicate, conflict, rejected, rejects } = summary;
  const lines = [
    `${count(rowsRead, 'row')} in ${summary.seconds} s`,
    receiptLine(summary, { created, duplicate, conflict }),
    ...shortLines(summary),
    returnLine(summary),
    `rows refused: ${count(rejected)}; left out on purpose: ${count(summary.rowsSkipped)}`,
    ...linesOfNotes(summary),
    `the chain now has ${count(summary.members, 'member')} and ${count(summary.items, 'item')}`,
    ...linesOfSuspicions(summary),
    ...(rejects === null ? [] : [`rows that did not enter are listed in ${rejects}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** More than half of what was read as rows did not enter. */
export function isMostlyRefused(summary: ImportSummary): boolean {
  const { rowsRead, rowsSkipped, rejected, rowsConflict } = summary;
  return (rejected + rowsConflict) * 2 > rowsRead - rowsSkipped;
}

const sayings: Readonly<Record<keyof ImportSummary['notes'], string>> = {
  idsCleaned: 'with ids that were cleaned of blanks or of what a spreadsheet put around them',
  nobody: 'of a member that stands for nobody',
  moneyDropped: 'with money that cannot be read and was left out',
  couponsDropped: 'with coupons that are no ids and were left out',
  quantityRounded: 'with a quantity that was rounded to three decimals',
  totalDiffers: 'whose quantity, price and discount do not come to their total',
  priceBelowFen:
    'of which one comes to less than 0.01; of quantities in thousandths tell --thousandths',
  withoutTime: 'with a day and no time of day, which count for no daypart',
  hourTwice: 'of an hour that came twice as the clocks were put back, taken as its first',
  hourSkipped:
    'of an hour that the clocks skipped, counted on from before it; is --time-zone right?',
  channelUnknown: 'with a channel that is none of ours, taken as other',
};

function linesOfNotes({ notes }: ImportSummary): string[] {
  return Object.entries(sayings).flatMap(([note, words]) => {
    const rows = notes[note as keyof typeof sayings];
    return rows === 0 ? [] : [`rows ${words}: ${count(rows)}`];
  });
}

const doubts: Readonly<Record<ImportSummary['suspicions'][number]['kind'], string>> = {
  bigMembers:
    'members with more than 1 % of all receipts; of a card for everybody tell --anonymous',
  sharedCards: 'cards that cannot be one person',
  numbersRepeated: 'rows refused as their receipt number was given twice; put the store or day in',
  blankIds: 'receipts with an id that begins or ends with a blank',
  soldTwice: 'receipts that another id has, too, of the same member, store, minute and lines',
  soldEverywhere: 'items that all stores sold at the same moment',
  outsideHours: 'receipts of hours in which hardly anything is sold',
  atNight: 'receipts from midnight to five; is --time-zone right?',
  yearsApart: 'receipts that lie years away from all others',
  ahead: 'receipts later than now',
};

function linesOfSuspicions({ suspicions }: ImportSummary): string[] {
  return suspicions.map(
    ({ kind, count: found, example }) =>
      `worth a look: ${count(found)} ${doubts[kind]} (e.g. ${example})`,
  );
}

function receiptLine(
  { anonymous }: ImportSummary,
  receipts: Readonly<Record<'created' | 'duplicate' | 'conflict', number>>,
): string {
  const parts = Object.entries(receipts).map(([name, amount]) => `${count(amount)} ${name}`);
  return `receipts: ${parts.join(', ')}; ${count(anonymous)} of them without a member`;
}

/** Mended rows of receipts that went in without them. */
function shortLines({ amended, recordedShort }: ImportSummary): string[] {
  const whole = `${count(amended)} of the created were in with fewer lines, and are whole now`;
  if (recordedShort === 0) return amended === 0 ? [] : [whole];
  return [
    ...(amended === 0 ? [] : [whole]),
    `of the conflicts ${count(recordedShort)} are recorded already with fewer lines than here, ` +
      'and stay so; the rejects file names what is missing',
  ];
}

function returnLine(summary: ImportSummary): string {
  const { returns, returnsDuplicate, returnsUnmatched, returnsPartly } = summary;
  return [
    `returned rows: ${count(returns)} taken back (${count(returnsPartly)} of them only in part)`,
    `${count(returnsDuplicate)} duplicate`,
    `${count(returnsUnmatched)} without a purchase`,
  ].join(', ');
}

function count(amount: number, noun?: string): string {
  const text = amount.toLocaleString('en-US');
  return noun === undefined ? text : `${text} ${amount === 1 ? noun : `${noun}s`}`;
}
