// Watermarks of several origins as text: `shop/1763791200:15,till-7/1763791300:2`.

/** 1 to 32 of a-z, 0-9 and -. */
export const originName = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Lost lives of origins too. */
export const knownName = /^[a-z0-9][a-z0-9-]{0,31}(\.\d{1,10})?$/;

/**
 * What an origin had accepted, and does not have any more since it was put back, goes on under a
 * name of its own: that of the origin and of the life that began without it.
 */
export function lostName(origin: string, epoch: number): string {
  return `${origin}.${epoch}`;
}

/** The life that began without what has this name, if it is a lost life of that origin. */
export function lostLifeOf(name: string, origin: string): number {
  return name.startsWith(`${origin}.`) ? Number(name.slice(origin.length + 1)) : Number.NaN;
}

/** One entry of one origin. Epochs tell apart the lives of an origin, each from start to start. */
export interface Place {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
}

export function formatPlace({ origin, epoch, sequence }: Place): string {
  return `${origin}/${epoch}:${sequence}`;
}

/** `places` stand in the order of their names, so that equal vectors are equal texts. */
export function formatVector(places: readonly Place[]): string {
  return places.map(formatPlace).join(',') || '0';
}

const component = /^([a-z0-9][a-z0-9-]{0,31}(?:\.\d{1,10})?)\/(\d{1,10}):(\d{1,15})$/;

/** Undefined when it is no vector. Nothing, or 0, is the beginning. */
export function parseVector(text: string): readonly Place[] | undefined {
  if (text === '' || text === '0') return [];
  const places: Place[] = [];
  for (const part of text.split(',')) {
    const [, origin, epoch, sequence] = component.exec(part) ?? [];
    if (origin === undefined) return undefined;
    places.push({ origin, epoch: Number(epoch), sequence: Number(sequence) });
  }
  return places;
}
