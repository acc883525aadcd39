// Members who were erased and of whom something is kept still, by the ids that stand for them: so
// that a start goes on with what a crash has interrupted.
import type { Store } from '../store/store.ts';

const name = 'erasing';

export function erasingMembers(store: Store): readonly string[] {
  return (store.readMeta(name) as readonly string[] | undefined) ?? [];
}

/** Inside a transaction only. */
export function addErasing(store: Store, root: string): void {
  store.writeMeta(name, [...erasingMembers(store), root]);
}

/** Inside a transaction only: nothing is left of them. */
export function removeErasing(store: Store, root: string): void {
  const left = erasingMembers(store).filter((other) => other !== root);
  store.writeMeta(name, left);
}
