// Watermarks of several origins as text: `shop/1763791200:15,till-7/1763791300:2`.

/** 1 to 32 of a-z, 0-9 and -. */
export const originName = /^[a-z0-9][a-z0-9-]{0,31}$/;
/** Lost epochs of origins too. */
export const knownName = /^[a-z0-9][a-z0-9-]{0,31}(\.\d{1,10})?$/;

/**
 * What an origin had accepted, and does not have any more since it was put back, goes on under a
 * name of its own: that of the origin and of the epoch that began without it.
 */
export function lostName(origin: string, epoch: number): string {
  return `${origin}.${epoch}`;
}

/** The epoch that began without what has this name, if it is a lost epoch of that origin. */
export function lostEpochOf(name: string, origin: string): number {
  return name.startsWith(`${origin}.`) ? Number(name.slice(origin.length + 1)) : Number.NaN;
}

/** One entry of one origin. An epoch of an origin lasts from one start to the next. */
export interface LogPosition {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
}

export function formatPosition({ origin, epoch, sequence }: LogPosition): string {
  return `${origin}/${epoch}:${sequence}`;
}

/** `places` stand in the order of their names, so that equal vectors are equal texts. */
export function formatVector(places: readonly LogPosition[]): string {
  return places.map(formatPosition).join(',') || '0';
}

const component = /^([a-z0-9][a-z0-9-]{0,31}(?:\.\d{1,10})?)\/(\d{1,10}):(\d{1,15})$/;

/** Undefined when it is no vector. Nothing, or 0, is the beginning. */
export function parseVector(text: string): readonly LogPosition[] | undefined {
  if (text === '' || text === '0') return [];
  const places: LogPosition[] = [];
  for (const part of text.split(',')) {
    const [, origin, epoch, sequence] = component.exec(part) ?? [];
    if (origin === undefined) return undefined;
    places.push({ origin, epoch: Number(epoch), sequence: Number(sequence) });
  }
  return places;
}
