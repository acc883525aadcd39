// Items as the hot replies hold them: encoded once, joined often.
import { doorLimits } from './limits.ts';

/** An item's bytes as a list begins with it, and as a reason names it. */
export interface Fragment<Bytes> {
  readonly name: string | undefined;
  readonly priceFen: number | undefined;
  readonly head: Bytes;
  readonly mention: Bytes;
}

export interface FragmentMemory<Bytes> {
  headOf(itemId: string, name: string | undefined, priceFen: number | undefined): Bytes;
  mentionOf(itemId: string, name: string | undefined): Bytes;
}

export type MakeFragment<Bytes> = (
  itemId: string,
  name: string | undefined,
  priceFen: number | undefined,
) => Pick<Fragment<Bytes>, 'head' | 'mention'>;

/** Of at most `doorLimits.fragmentItemsMax` items; one whose name or price changed is made anew. */
export function createFragmentMemory<Bytes>(make: MakeFragment<Bytes>): FragmentMemory<Bytes> {
  const known = new Map<string, Fragment<Bytes>>();
  const remember = (itemId: string, name?: string, priceFen?: number): Fragment<Bytes> => {
    // Starting over costs what the entries cost; keeping track of which are old costs every reply.
    if (known.size >= doorLimits.fragmentItemsMax) known.clear();
    const made = { name, priceFen, ...make(itemId, name, priceFen) };
    known.set(itemId, made);
    return made;
  };
  return {
    headOf: (itemId, name, priceFen) => {
      const found = known.get(itemId);
      if (found !== undefined && found.name === name && found.priceFen === priceFen) {
        return found.head;
      }
      return remember(itemId, name, priceFen).head;
    },
    // A reason does not tell the price: it must not push out the fragment of the item itself.
    mentionOf: (itemId, name) => {
      const found = known.get(itemId);
      if (found !== undefined && found.name === name) return found.mention;
      return remember(itemId, name).mention;
    },
  };
}
