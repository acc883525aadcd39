// Members of data format 1: ids that are one person, and all their answers on consent.
import { z } from 'zod';
import { EngineError } from '../base/errors.ts';

const recordSchema = z.strictObject({
  aliases: z.array(z.string()),
  consents: z.array(z.strictObject({ atMs: z.number(), given: z.boolean(), sequence: z.number() })),
  sequences: z.array(z.number()),
});
const aliasSchema = z.strictObject({ root: z.string() });

export interface OldMember {
  /** The id that stands for all ids of the person. */
  readonly root: string;
  readonly aliases: readonly string[];
  /**
   * Whether their receipts counted: of several answers the latest, at one moment the withdrawal.
   */
  readonly isPersonalised: boolean;
}

/**
 * Undefined for an id that only leads to the one that stands for it. Throws DATA_LOSS for what no
 * version has written.
 */
export function readMember(id: string, value: Buffer): OldMember | undefined {
  const found: unknown = JSON.parse(value.toString());
  if (aliasSchema.safeParse(found).success) return undefined;
  const record = recordSchema.safeParse(found);
  if (!record.success) {
    const message = 'a member of data format 1 cannot be read';
    throw new EngineError('DATA_LOSS', message, { reason: 'DAMAGED', cause: record.error });
  }
  const { aliases, consents } = record.data;
  const latest = consents.toSorted((a, b) => b.atMs - a.atMs || Number(a.given) - Number(b.given));
  return { root: id, aliases, isPersonalised: latest[0]?.given ?? true };
}
