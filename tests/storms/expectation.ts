// What must be true after a crash: the fold of a journal into the fates of members and receipts.
// Knows no engine.
import type { Item } from '../../engine/index.ts';
import type { Operation, Promised, Record } from './journal.ts';

export interface Receipt {
  readonly purchaseId: string;
  readonly memberId: string | undefined;
  /** Every operation that sent this id, with whatever content. */
  readonly sendings: readonly Promised[];
}

/** What a catalogue entry may say. */
export interface ItemFate {
  newest: { readonly item: Item; readonly watermark: number } | undefined;
  readonly unanswered: Item[];
}

export interface Expectation {
  readonly receipts: ReadonlyMap<string, Receipt>;
  /** Every member id that was ever named. */
  readonly members: ReadonlySet<string>;
  /** Members of whom an acknowledged erase, or a former look, says that they are gone. */
  readonly erased: ReadonlySet<string>;
  /** Members whom an unanswered erase or merge may have erased: nobody got an answer. */
  readonly uncertain: ReadonlySet<string>;
  readonly unanswered: readonly Promised[];
  readonly created: readonly Promised[];
  readonly imported: readonly Promised[];
  readonly items: ReadonlyMap<string, ItemFate>;
}

/** Who was made one person with whom. */
class Unions {
  private readonly parents = new Map<string, string>();

  rootOf(id: string): string {
    let root = id;
    while (this.parents.has(root)) root = this.parents.get(root)!;
    return root;
  }

  unite(one: string, other: string): void {
    const [first, second] = [this.rootOf(one), this.rootOf(other)];
    if (first !== second) this.parents.set(second, first);
  }
}

export function isCreated({ answer }: Promised): boolean {
  return answer?.status === 'created';
}

/** Whether an answer says that the state holds exactly this content. */
export function isHeld({ answer }: Promised): boolean {
  return answer?.status === 'created' || answer?.status === 'duplicate';
}

export function membersOf(operation: Operation): string[] {
  switch (operation.kind) {
    case 'purchase':
      return operation.purchase.memberId === undefined ? [] : [operation.purchase.memberId];
    case 'unreferencedReturn':
      return [operation.unreferencedReturn.memberId];
    case 'merge':
      return [operation.merge.memberId, operation.merge.fromMemberId];
    case 'consent':
      return [operation.consent.memberId];
    case 'erase':
      return [operation.memberId];
    default:
      return [];
  }
}

function foldErased(answered: readonly Promised[], members: ReadonlySet<string>): Set<string> {
  const erased = new Set<string>();
  const unions = new Unions();
  const byWatermark = answered
    .filter(({ operation }) => operation.kind === 'merge' || operation.kind === 'erase')
    .filter(isHeld)
    .sort((a, b) => Number(a.answer!.watermark) - Number(b.answer!.watermark));
  for (const { operation } of byWatermark) {
    if (operation.kind === 'merge') {
      unions.unite(operation.merge.memberId, operation.merge.fromMemberId);
    } else if (operation.kind === 'erase') {
      const root = unions.rootOf(operation.memberId);
      for (const id of members) if (unions.rootOf(id) === root) erased.add(id);
    }
  }
  return erased;
}

function findUncertain(all: readonly Promised[], members: ReadonlySet<string>): Set<string> {
  const unions = new Unions();
  for (const { operation } of all) {
    if (operation.kind !== 'merge') continue;
    unions.unite(operation.merge.memberId, operation.merge.fromMemberId);
  }
  const roots = new Set<string>();
  for (const { operation, answer } of all) {
    const moves = operation.kind === 'merge' || operation.kind === 'erase';
    if (!moves || answer !== undefined) continue;
    for (const id of membersOf(operation)) roots.add(unions.rootOf(id));
  }
  return new Set([...members].filter((id) => roots.has(unions.rootOf(id))));
}

function gatherReceipts(all: readonly Promised[]): Map<string, Receipt> {
  const receipts = new Map<string, Receipt & { sendings: Promised[] }>();
  for (const promised of all) {
    if (promised.operation.kind !== 'purchase') continue;
    const { purchaseId, memberId } = promised.operation.purchase;
    const known = receipts.get(purchaseId);
    if (known) known.sendings.push(promised);
    else receipts.set(purchaseId, { purchaseId, memberId, sendings: [promised] });
  }
  return receipts;
}

function gatherItems(all: readonly Promised[]): Map<string, ItemFate> {
  const items = new Map<string, ItemFate>();
  for (const promised of all) {
    if (promised.operation.kind !== 'item') continue;
    const { item } = promised.operation;
    const fate = items.get(item.itemId) ?? { newest: undefined, unanswered: [] };
    items.set(item.itemId, fate);
    const watermark = Number(promised.answer?.watermark);
    if (promised.answer === undefined) fate.unanswered.push(item);
    else if (watermark > (fate.newest?.watermark ?? 0)) fate.newest = { item, watermark };
  }
  return items;
}

export function expectationOf(record: Record): Expectation {
  const all = [...record.promised.values()];
  const members = new Set(all.flatMap(({ operation }) => membersOf(operation)));
  const erased = foldErased(all, members);
  for (const id of record.erased) erased.add(id);
  return {
    receipts: gatherReceipts(all),
    members,
    erased,
    uncertain: findUncertain(all, members),
    unanswered: all.filter(({ answer }) => answer === undefined),
    created: all.filter(isCreated),
    imported: all.filter(({ batch }) => batch !== undefined),
    items: gatherItems(all),
  };
}
