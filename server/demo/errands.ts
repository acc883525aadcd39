// When and where people run their errands: what several occasions share.
import type { HourSpan } from './shapes.ts';

export const daytime: readonly HourSpan[] = [
  [10.6, 12, 0.8],
  [14, 18, 1.2],
  [18, 21.2, 1.6],
];
/** What is heavy or daily is bought near home. */
export const nearHome = { community: 1.5, mall: 0.7, office: 0.3, campus: 0.35 };
