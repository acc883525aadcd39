// Bodies and messages of 1 MB that mean nothing: refused piece by piece, and nothing of them stays.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { junkBodies } from '../../bench/stall/bodies.ts';
import { type Caller, createCaller, grpcJunk } from '../../bench/stall/caller.ts';
import {
  beHonest,
  type Honest,
  many,
  memoryFreed,
  openStage,
  type Stage,
  turnMsMax,
} from './stage.ts';

let stage: Stage;
let honest: Honest;
let caller: Caller;

beforeEach(async () => {
  stage = await openStage();
  honest = beHonest(stage);
  caller = createCaller({ url: stage.http, grpcAddress: stage.grpc.replace('grpc://', '') });
});

afterEach(async () => {
  caller.close();
  await honest.stop();
  expect(honest.failures).toEqual([]);
  await stage.close();
});

/** Several at a time, each as often as there is time for. */
async function sendAll(send: () => Promise<void>): Promise<void> {
  for (let round = 0; round < many(1, 10); round++) {
    await Promise.all(Array.from({ length: many(3, 8) }, send));
  }
}

async function expectBounded(sends: readonly (() => Promise<void>)[]): Promise<void> {
  const before = await stage.memory();
  const longest = await stage.longestTurn(async () => {
    for (const send of sends) await sendAll(send);
  });
  expect(longest).toBeLessThan(turnMsMax);
  await honest.servedMore(2);
  await memoryFreed(stage, before, 20);
}

describe('junk', () => {
  test('over HTTP is refused, holds nobody up, and leaves nothing behind', async () => {
    const sends = Object.entries(junkBodies).map(([name, body]) => () => {
      const path = name.includes('tags') ? '/v1/items' : '/v1/purchases';
      return caller.refused(path, body);
    });
    await expectBounded(sends);
  }, 180_000);

  test('over gRPC is refused, holds nobody up, and leaves nothing behind', async () => {
    await expectBounded(Object.values(grpcJunk).map((send) => () => send(caller)));
  }, 180_000);
});
