// What a reply says besides its items.
import { expect, test } from 'vitest';
import type { ServeContext, ServeState } from '../context.ts';
import { startDraft } from '../draft.ts';
import type { Audience } from '../request.ts';
import { replyOf } from './reply.ts';

function relaxationsFor(audience: Audience) {
  const relaxations = ['member_unknown', 'store_unknown', 'filled_from_chain'] as const;
  const context = { scenario: 'popular', audience, relaxations } as unknown as ServeContext;
  const state = { watermark: '7', registries: { items: {} } } as unknown as ServeState;
  const reply = replyOf(startDraft(context, 10), state);
  expect(reply).toMatchObject({ scenario: 'popular', watermark: '7', items: [] });
  expect(reply.recommendationId).toMatch(/^[0-9a-f-]{36}$/);
  return reply.relaxations;
}

test('a member reads what was given up', () => {
  expect(relaxationsFor('member')).toEqual([
    'member_unknown',
    'store_unknown',
    'filled_from_chain',
  ]);
});

test('a cashier does not read what is known of the member', () => {
  expect(relaxationsFor('till')).toEqual(['store_unknown', 'filled_from_chain']);
});
