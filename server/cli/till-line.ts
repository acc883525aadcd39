// What is typed at the till: words to what they mean, and items by their id or name.

export interface ShelfItem {
  readonly itemId: string;
  readonly name?: string | undefined;
  readonly priceFen?: number | undefined;
}

export type Line =
  | { readonly kind: 'scan'; readonly text: string; readonly quantity: number }
  | { readonly kind: 'void'; readonly seq: number }
  | { readonly kind: 'decline'; readonly text: string }
  | { readonly kind: 'member'; readonly memberId: string | undefined }
  | { readonly kind: 'pay' | 'help' | 'quit' | 'nothing' };

const commandWords = ['void', 'no', 'member', 'pay', 'help', 'quit'] as const;

export function readLine(text: string): Line {
  const line = text.trim();
  const [word = '', ...rest] = line.split(/\s+/);
  const argument = rest.join(' ');
  if (line === '') return { kind: 'nothing' };
  if (rest.length === 0 && (word === 'pay' || word === 'help' || word === 'quit')) {
    return { kind: word };
  }
  if (word === 'void' && /^\d{1,9}$/.test(argument)) return { kind: 'void', seq: Number(argument) };
  if (word === 'no' && argument !== '') return { kind: 'decline', text: argument };
  if (word === 'member') return { kind: 'member', memberId: argument || undefined };
  const times = /^(.*\S)\s+x(\d{1,9})$/.exec(line);
  if (times === null) return { kind: 'scan', text: line, quantity: 1 };
  return { kind: 'scan', text: times[1]!, quantity: Number(times[2]) };
}

/**
 * The item of an id or of a name; of several whose names hold the words, all of them. A number of
 * digits that nobody knows is an item too: tills scan codes before the catalogue has them.
 */
export function findItems(shelf: readonly ShelfItem[], text: string): readonly ShelfItem[] {
  const exact = shelf.find(({ itemId, name }) => itemId === text || name === text);
  if (exact !== undefined) return [exact];
  const sought = text.toLowerCase();
  const found = shelf.filter(({ itemId, name }) =>
    `${itemId} ${name ?? ''}`.toLowerCase().includes(sought),
  );
  if (found.length === 0 && /^\d+$/.test(text)) return [{ itemId: text }];
  return found;
}

const completionsMax = 50;

/** For readline: what the line may become. */
export function completeLine(
  shelf: readonly ShelfItem[],
  line: string,
): [readonly string[], string] {
  const [, prefix = '', text = ''] = /^(no\s+)?(.*)$/.exec(line) ?? [];
  const words = prefix === '' ? commandWords.filter((word) => word.startsWith(text)) : [];
  const items = shelf.flatMap(({ itemId, name }) =>
    [itemId, name].filter((word) => word?.toLowerCase().startsWith(text.toLowerCase())),
  ) as string[];
  return [[...words, ...items].slice(0, completionsMax), text];
}

/** `岭上豆 云南小粒咖啡豆 (beans-yunnan) ¥58.00` */
export function showItem({ itemId, name, priceFen }: ShelfItem): string {
  const price = priceFen === undefined ? '' : ` ¥${(priceFen / 100).toFixed(2)}`;
  return `${name === undefined ? itemId : `${name} (${itemId})`}${price}`;
}
