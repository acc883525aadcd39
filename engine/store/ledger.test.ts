// The ledger beside a commit: what was added ahead stays, or goes without a trace.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { Ledger } from './ledger.ts';

test('a name that was added ahead is durable, and is gone again when it is taken back', () =>
  withTemporaryFolder(async (folder) => {
    const ledger = new Ledger(folder);
    const [first, second] = [ledger.hash('ann'), ledger.hash('bob')];
    await ledger.addAhead([first]);
    const before = readFileSync(join(folder, 'ledger'));
    const takeBack = await ledger.addAhead([first, second]);
    expect(ledger.size).toBe(2);
    takeBack();
    expect(ledger.has(second)).toBe(false);
    expect(readFileSync(join(folder, 'ledger'))).toEqual(before);
    ledger.add([second]);
    ledger.close();
    const again = new Ledger(folder);
    expect([again.size, again.has(first), again.has(second)]).toEqual([2, true, true]);
    again.close();
  }, 'ledger'));
