// Unit notes: what the quantities of one file are counted in, told where it may be mistaken.
import { counted } from '../../base/plural.ts';
import { perMille, splitUnit, type Unit } from './units.ts';

/** Items whose unit is remembered, some 100 B each: 10 MB. */
const itemsMax = 100_000;
const wordsShown = 5;
/** Words that say no more than a number without one. */
const plainPiece = /^(?:pcs?|pce|pieces?|ea|each|units?|x|个|個|件|只|隻)$/;

export class UnitNotes {
  private readonly rows = new Map<string, { unit: Unit; rows: number }>();
  private readonly measures = new Map<string, string>();
  private readonly mixed = new Map<string, ReadonlySet<string>>();
  private withoutUnit = 0;

  hear(quantity: string, itemId: string): void {
    const counted = splitUnit(quantity);
    if (counted === undefined) {
      if (quantity !== '') this.withoutUnit += 1;
      return;
    }
    const { unit } = counted;
    if (unit.word === perMille) return;
    const known = this.rows.get(unit.word);
    if (known === undefined) this.rows.set(unit.word, { unit, rows: 1 });
    else known.rows += 1;
    this.hearItem(itemId, measureOf(unit));
  }

  private hearItem(itemId: string, measure: string): void {
    const before = this.measures.get(itemId);
    if (before === undefined) {
      if (this.measures.size < itemsMax) this.measures.set(itemId, measure);
    } else if (before !== measure) {
      this.mixed.set(itemId, new Set([before, ...(this.mixed.get(itemId) ?? []), measure]));
    }
  }

  /** A sentence each. */
  sentences(): string[] {
    const all = [...this.rows.values()];
    const listed = (units: typeof all) =>
      units
        .slice(0, wordsShown)
        .map(({ unit, rows }) => `${unit.word} (${counted(rows, 'row')})`)
        .join(', ');
    const scaled = all.filter(({ unit }) => unit.thousandths !== 1_000);
    const unknown = all.filter(({ unit }) => unit.kind === 'unknown');
    const isMeasured = all.some(({ unit }) => unit.kind !== 'pieces');
    return [
      ...(scaled.length === 0
        ? []
        : [`quantities in ${listed(scaled)} count in kilograms, litres, metres or pieces`]),
      ...(unknown.length === 0
        ? []
        : [`units that are not known count as one piece each: ${listed(unknown)}`]),
      ...(isMeasured && this.withoutUnit > 0
        ? [`${counted(this.withoutUnit, 'quantity', 'quantities')} without a unit, among others`]
        : []),
      ...this.mixedSentence(),
    ];
  }

  private mixedSentence(): string[] {
    const [first] = this.mixed;
    if (first === undefined) return [];
    const [itemId, words] = first;
    const some = counted(this.mixed.size, 'item is', 'items are');
    const example = `${itemId} in ${[...words].join(' and ')}`;
    return [`${some} counted in several units, e.g. ${example}: one of each counts the same`];
  }
}

/** Weights are all brought to one measure; a box and a bottle are not. */
function measureOf({ kind, word }: Unit): string {
  if (kind !== 'pieces' && kind !== 'unknown') return kind;
  return plainPiece.test(word) || /^(?:打|d.*z.*)$/.test(word) ? 'pieces' : word;
}
