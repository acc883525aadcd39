// Which rows were put or removed since a moment: what a copy of that moment does not have.
import { limits } from '../base/limits.ts';
import { type TableName, tableNames } from './format.ts';
import type { Table } from './table.ts';

/** Keys that were put or removed, by table, in latin1. */
export type TouchedKeys = ReadonlyMap<TableName, ReadonlySet<string>>;

export class KeyTracker {
  private readonly tables: Readonly<Record<TableName, Table>>;
  private keys: Map<TableName, Set<string>> | undefined;

  constructor(tables: Readonly<Record<TableName, Table>>) {
    this.tables = tables;
  }

  /**
   * Begins anew; returns what was tracked until now. In a transaction, so that what was put before
   * and after it is kept apart.
   */
  swap(): TouchedKeys {
    const before = this.keys ?? new Map();
    this.keys = new Map(tableNames.map((name) => [name, new Set()]));
    for (const name of tableNames) this.tables[name].trackIn(this.keys.get(name));
    return before;
  }

  stop(): void {
    this.keys = undefined;
    for (const name of tableNames) this.tables[name].trackIn(undefined);
  }

  get size(): number {
    let size = 0;
    for (const keys of this.keys?.values() ?? []) size += keys.size;
    return size;
  }

  /** Whether it holds as much as may be kept in memory. */
  get isFull(): boolean {
    return this.keys !== undefined && this.size >= limits.copyKeysMax;
  }
}
