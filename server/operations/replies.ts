// The shapes of what is answered, as documented; tests hold every reply against them.
import { z } from 'zod';
import {
  type Audit,
  type ClockReport,
  type CompactReport,
  type EraseReceipt,
  errorCodes,
  type IngestResult,
  idSchema,
  itemSchema,
  limits,
  type RecommendReply,
  reasonTypes,
  relaxationTypes,
  type SuspicionReport,
  scenarios,
  storeSchema,
  suspicionKinds,
} from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';

/** One number, or with several origins one for each: `shop/1763791200:15,till-7/1763791300:2`. */
const originMark = '[a-z0-9][a-z0-9-]{0,31}(?:\\.\\d{1,10})?/\\d{1,10}:\\d{1,15}';
export const watermarkPattern = `^(?:\\d{1,15}|${originMark}(?:,${originMark})*)$`;

const watermark = z.string().regex(new RegExp(watermarkPattern));
const reason = z.string().regex(/^[A-Z][A-Z0-9_]*$/);
const priceFen = z.int().min(0).max(limits.unitPriceFenMax);

export const violationSchema = z.strictObject({
  field: z.string().meta({ description: 'Path of the field, e.g. lines[0].quantity.' }),
  value: z.exactOptional(z.string()).meta({ description: 'What was given, shortened.' }),
  limit: z.exactOptional(z.union([z.string(), z.number()])).meta({ description: 'What may be.' }),
  message: z.string(),
});

const count = z.int().min(0);

export const recommendReplySchema = z.strictObject({
  recommendationId: z.string(),
  scenario: z.enum(scenarios),
  items: z
    .array(
      z.strictObject({
        itemId: idSchema,
        name: z.exactOptional(z.string()),
        priceFen: z.exactOptional(priceFen),
        score: z
          .number()
          .meta({ description: 'Comparable within one list only; 9 significant digits.' }),
        reasons: z.array(
          z.strictObject({
            type: z.enum(reasonTypes),
            itemId: z.exactOptional(idSchema),
            itemName: z.exactOptional(z.string()),
            count: z.exactOptional(count).meta({ description: 'Receipts, counted.' }),
          }),
        ),
        terms: z.exactOptional(
          z
            .array(
              z.strictObject({
                type: z.enum(reasonTypes),
                itemId: z.exactOptional(idSchema).meta({
                  description: 'Absent among several of a type: what the others gave together.',
                }),
                score: z.number(),
              }),
            )
            .meta({ description: 'With explain only: they sum to the score.' }),
        ),
        usualGapDays: z.exactOptional(z.number().min(0)),
        nextDueOn: z.exactOptional(z.iso.date()),
      }),
    )
    .max(limits.listItemsMax),
  personalized: z.boolean(),
  relaxations: z.array(z.enum(relaxationTypes)),
  watermark,
}) satisfies z.ZodType<RecommendReply>;

const warningSchema = z.strictObject({
  reason: reason.meta({
    description: 'TOTAL_DIFFERS, LINE_LEFT_OUT, NOTHING_RETURNED, BARCODE_QUANTITY_DIFFERS, …',
  }),
  field: z.string(),
  message: z.string(),
});

const resolvedLineSchema = z.strictObject({
  line: count.meta({ description: 'Its place, from 0 on.' }),
  itemId: idSchema,
  quantity: z.number().optional().meta({ description: 'Of what a scale printed.' }),
  lineTotalFen: z.int().optional().meta({ description: 'Of what a scale printed.' }),
});

export const ingestResultSchema = z.strictObject({
  id: z.string(),
  status: z.enum(['created', 'duplicate', 'voided', 'conflict', 'rejected']),
  watermark: z.exactOptional(watermark).meta({
    description: 'Give it as minWatermark to read what you wrote. Of a duplicate: the first one.',
  }),
  reason: z.exactOptional(reason).meta({ description: 'When refused.' }),
  message: z.exactOptional(z.string()),
  field: z.exactOptional(z.string()),
  limit: z.exactOptional(z.union([z.string(), z.number()])),
  parked: z.exactOptional(z.boolean()).meta({
    description: 'A return whose purchase is not here yet: it counts once that arrives.',
  }),
  anonymous: z.exactOptional(z.boolean()).meta({
    description: 'The memberId of this receipt stands for nobody: it is an anonymous ticket.',
  }),
  clockSkewed: z.exactOptional(z.boolean()).meta({
    description: 'The clock of this till runs ahead: a receipt counts at the server’s time.',
  }),
  unmatchedQuantity: z.exactOptional(z.number().min(0)),
  warnings: z.exactOptional(z.array(warningSchema)).meta({
    description: [
      `What was taken and does not look right: at most ${limits.warningsMax}, and one that says`,
      'how many more there are.',
    ].join(' '),
  }),
  leftOutLines: z.exactOptional(z.array(count)).meta({
    description: 'With `partial`: the places of all lines that could not be used.',
  }),
  resolvedLines: z.exactOptional(z.array(resolvedLineSchema)).meta({
    description: 'Lines that named their item by a barcode, and what they were read as.',
  }),
  errors: z.exactOptional(z.array(violationSchema)).meta({
    description: [
      `The first ${doorLimits.violationsMax} violations. Of a batch, once`,
      `${doorLimits.batchViolationsMax} were shown, the first of each.`,
    ].join(' '),
  }),
}) satisfies z.ZodType<IngestResult>;

export const ingestResultsSchema = z.strictObject({
  results: z.array(ingestResultSchema).max(limits.batchPurchasesMax).meta({
    description: 'One for each of what was sent, in the same order.',
  }),
});

export const itemReplySchema = itemSchema.extend({
  mergedInto: z.exactOptional(idSchema).meta({
    description: 'The item that it is merged into, and counts as.',
  }),
});

export const itemPageSchema = z.strictObject({
  items: z.array(itemReplySchema),
  nextAfter: z.exactOptional(idSchema).meta({ description: 'Absent on the last page.' }),
});

export const storePageSchema = z.strictObject({
  stores: z.array(storeSchema),
  nextAfter: z.exactOptional(idSchema).meta({ description: 'Absent on the last page.' }),
});

export const healthSchema = z.strictObject({ status: z.literal('ok') });

const clusterSchema = z
  .strictObject({
    role: z.enum(['origin', 'follower']),
    node: z.string(),
    redis: z.exactOptional(z.enum(['up', 'down'])),
    digests: z.enum(['same', 'differs', 'unknown']),
    follows: z.array(
      z.strictObject({
        address: z.string(),
        node: z.exactOptional(z.string()),
        carrier: z.enum(['redis', 'grpc', 'none']),
        behind: z.exactOptional(count),
        trouble: z.exactOptional(z.string()),
      }),
    ),
    followers: z.array(
      z.strictObject({
        node: z.string(),
        role: z.string(),
        watermark: z.string(),
        carrier: z.string(),
        silentMs: z.int().meta({ description: '-1: not heard of since the start.' }),
      }),
    ),
    counters: z.record(z.string(), count),
  })
  .meta({ description: 'How this node stands with the others of its chain.' });

export const readinessSchema = z.strictObject({
  ready: z.boolean(),
  waitingFor: z.exactOptional(z.string()),
  watermark: z.exactOptional(watermark),
  events: z.exactOptional(count),
  members: z.exactOptional(count),
  items: z.exactOptional(count),
  stores: z.exactOptional(count),
  clockTrouble: z.exactOptional(z.string()).meta({
    description: 'What is wrong with the server’s clock; absent when nothing is.',
  }),
  memory: z.exactOptional(z.strictObject({ usedBytes: count, maxBytes: count })).meta({
    description: 'What the counts use of what they may (CAINI_MEMORY_MAX).',
  }),
  catalogue: z.exactOptional(z.strictObject({ usedBytes: count, maxBytes: count })).meta({
    description: 'What items and stores use of what they may: half of Node’s heap.',
  }),
  refusedOfErased: z.exactOptional(count).meta({
    description: 'Events of erased members that were refused since the start.',
  }),
  recounting: z.exactOptional(z.string()).meta({
    description: 'Why counts are made anew in the background, and how far that is.',
  }),
  suspicions: z
    .exactOptional(z.strictObject({ clockAhead: count, clockBack: count, ofNobody: count }))
    .meta({
      description: [
        'Receipts since the start that are worth a look: of tills whose clock runs ahead or stands',
        'more than a year back, and with a memberId that stands for nobody.',
      ].join(' '),
    }),
  cluster: z.exactOptional(clusterSchema),
});

const digest = z
  .string()
  .regex(/^[0-9a-f]{16}$/)
  .meta({ description: 'Of all counts, docs/reference/digest.md.' });

const acknowledgementSchema = z.strictObject({
  node: z.string(),
  acknowledged: z.boolean(),
  digest: z.exactOptional(digest),
});

export const eraseReceiptSchema = z.strictObject({
  found: z.boolean().meta({ description: 'Whether anything was known of the member.' }),
  removed: z.strictObject({
    receipts: count,
    returns: count,
    aliases: count.meta({ description: 'Other ids that had been merged into the member.' }),
  }),
  digestBefore: z.exactOptional(digest),
  digestAfter: z.exactOptional(digest),
  watermark,
  bytesGoneBy: z.iso.datetime({ offset: true }).meta({
    description: 'When the last bytes will be gone from the disk, RFC 3339.',
  }),
  nodes: z.exactOptional(z.array(acknowledgementSchema)).meta({
    description: 'The other nodes of the chain. Who has not acknowledged does when it is back.',
  }),
}) satisfies z.ZodType<EraseReceipt>;

export const auditSchema = z.strictObject({
  ok: z.boolean(),
  digest,
  cells: count,
  events: count,
  members: count,
  differenceCount: count,
  differences: z.array(z.string()).max(limits.verifyDifferencesMax).meta({
    description: 'The first of them, in words.',
  }),
}) satisfies z.ZodType<Audit>;

export const checkpointSchema = z.strictObject({
  watermark: watermark.meta({ description: 'The counts on disk stand here, or further on.' }),
});

export const compactReportSchema = z.strictObject({
  bytesBefore: count,
  bytesAfter: count,
  seconds: z.number().min(0),
}) satisfies z.ZodType<CompactReport>;

export const expireReportSchema = z.strictObject({
  expired: count.meta({ description: 'Receipts that left the retention window.' }),
});

export const suspicionReportSchema = z.strictObject({
  receipts: count.meta({ description: 'Receipts that were looked at: all that are kept.' }),
  suspicions: z.array(
    z.strictObject({
      kind: z.enum(suspicionKinds),
      count,
      examples: z.array(z.string()).max(5).meta({ description: 'Ids of some of them.' }),
    }),
  ),
}) satisfies z.ZodType<SuspicionReport>;

export const clockReportSchema = z.strictObject({
  clock: z.iso.datetime({ offset: true }).meta({ description: 'What it says.' }),
  newestReceiptOn: z.exactOptional(z.iso.date()),
}) satisfies z.ZodType<ClockReport>;

export const problemSchema = z.strictObject({
  type: z.string().regex(/^urn:caini:problem:[a-z-]+$/),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  code: z.enum([...errorCodes, 'CONFLICT']),
  reason: z.exactOptional(reason).meta({ description: 'More closely than `code`.' }),
  errors: z.array(violationSchema).max(doorLimits.violationsMax),
  result: z.exactOptional(ingestResultSchema),
});
