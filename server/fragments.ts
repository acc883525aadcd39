// Items as the hot replies hold them: encoded once, joined often, made anew after an upsert.
import { type Catalogue, type Item, Joiner, type Marks } from '../engine/index.ts';
import { doorLimits } from './limits.ts';

/** An item as a list begins with it, and as a reason names it: one character for each byte. */
export interface Fragment {
  readonly head: string;
  readonly mention: string;
}

/** Joins replies of one format, in which items are pieces that it remembers. */
export class FragmentJoiner {
  readonly joiner = new Joiner(doorLimits.fragmentBytesMax);
  private readonly make: (item: Item) => Fragment;
  private catalogue: Catalogue | undefined;
  private marks: Marks | undefined;
  private isFull = false;
  /** Where pieces that are always needed end. */
  private alwaysKept = this.joiner.kept;

  constructor(make: (item: Item) => Fragment) {
    this.make = make;
  }

  /** A piece that is there for good; only before the first reply. */
  constant(piece: string): number {
    const address = this.joiner.keep(piece);
    this.alwaysKept = this.joiner.kept;
    return address;
  }

  /** Begins a reply: its numbers are of this catalogue. */
  begin(catalogue: Catalogue): void {
    this.joiner.begin();
    if (catalogue === this.catalogue && !this.isFull) return;
    // Starting over costs what the pieces cost; keeping track of which are old costs every reply.
    if (catalogue !== this.catalogue) this.marks = catalogue.addMarks();
    else this.marks!.clear();
    this.catalogue = catalogue;
    this.isFull = false;
    this.joiner.forgetAfter(this.alwaysKept);
  }

  head(number: number): void {
    const address = this.marks!.at(number, 0);
    if (address > 0) this.joiner.piece(address);
    else this.joiner.text(this.remember(number).head);
  }

  mention(number: number): void {
    const address = this.marks!.at(number, 1);
    if (address > 0) this.joiner.piece(address);
    else this.joiner.text(this.remember(number).mention);
  }

  private remember(number: number): Fragment {
    const made = this.make(this.catalogue!.valueOf(number));
    const [head, mention] = [this.joiner.keep(made.head), this.joiner.keep(made.mention)];
    // The reply that is being made may hold any of the others, so that they go before the next.
    if (head === 0 || mention === 0) this.isFull = true;
    else this.marks!.set(number, head, mention);
    return made;
  }
}
