// Panel: the baselines beside the engine, on the same receipts, under the same judges.
import { EngineError } from '../../base/errors.ts';
import type { Figures, Intervals } from '../../measure/scoreboard.ts';
import type { ListFigures, ListIntervals, Shelf, Truths } from './judge.ts';
import type { Receipt } from './receipts.ts';

export interface BaselineFigures extends Partial<ListFigures> {
  readonly addOn?: Figures;
  readonly intervals: ListIntervals & { readonly addOn?: Intervals };
}

export interface PanelOptions {
  readonly isCompletion: boolean;
  readonly lengths: readonly number[];
  readonly seed: number;
  readonly breathe: (done: number, total: number) => Promise<void>;
}

export interface Panel {
  learn(receipt: Receipt): void;
  foretell(memberId: string, truths: Truths): void;
  complete(key: string, itemIds: readonly string[]): void;
  figures(shelf: Shelf, seed: number): Readonly<Record<string, BaselineFigures>>;
}

export async function openPanel(_r: readonly Receipt[], _o: PanelOptions): Promise<Panel> {
  throw new EngineError('UNIMPLEMENTED', 'baselines are not measured yet');
}
