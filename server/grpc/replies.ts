// What operations answer, as messages of proto/caini/v1.
import type { ReadTrailResponse, VerifyResponse_Audit } from '#proto/caini/v1/admin.js';
import type {
  Item as ItemMessage,
  ItemRole,
  ItemStatus,
  ListItemsResponse,
  ListStoresResponse,
} from '#proto/caini/v1/catalog.js';
import type { IngestStatus, IngestResult as ResultMessage } from '#proto/caini/v1/ingest.js';
import type { EraseMemberResponse } from '#proto/caini/v1/member.js';
import type {
  ReasonType,
  RecommendedItem as RecommendedMessage,
  RecommendResponse,
  Relaxation,
  Scenario,
} from '#proto/caini/v1/recommendation.js';
import type {
  Audit,
  EraseReceipt,
  FieldViolation,
  IngestResult,
  Item,
  Reason,
  RecommendedItem,
  RecommendReply,
  StoreProfile,
} from '../../engine/index.ts';
import type { TrailPage } from '../trail/read.ts';

/** The name of an enum's value on the wire: of `guess-you-like` or `giftCard`, with its prefix. */
export function enumName(prefix: string, word: string): string {
  const words = word.replaceAll('-', '_').replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_');
  return `${prefix}_${words.toUpperCase()}`;
}

export function toRecommendResponse(reply: RecommendReply): RecommendResponse {
  return {
    recommendationId: reply.recommendationId,
    scenario: enumName('SCENARIO', reply.scenario) as Scenario,
    items: reply.items.map(toRecommendedItem),
    personalized: reply.personalized,
    relaxations: reply.relaxations.map((word) => enumName('RELAXATION', word) as Relaxation),
    watermark: reply.watermark,
  };
}

function toRecommendedItem(item: RecommendedItem): RecommendedMessage {
  const terms = (item.terms ?? []).map(toReason);
  return { ...item, reasons: item.reasons.map(toReason), terms };
}

/** Of a reason and of a term. */
export function toReason<Rest extends object>({ type, ...rest }: Rest & Pick<Reason, 'type'>) {
  return { type: enumName('REASON_TYPE', type) as ReasonType, ...rest };
}

type Resolved = NonNullable<IngestResult['resolvedLines']>[number];

type VisibleResult = IngestResult & { readonly errors?: readonly FieldViolation[] };

export function toIngestResult(body: object): ResultMessage {
  const { status, limit, errors = [], ...given } = body as VisibleResult;
  const { warnings = [], leftOutLines = [], resolvedLines = [], ...rest } = given;
  return {
    ...rest,
    ...unmatchedOf(rest),
    status: enumName('INGEST_STATUS', status) as IngestStatus,
    ...(limit !== undefined && { limit: String(limit) }),
    errors: errors.map(toViolation),
    warnings: [...warnings],
    leftOutLines: [...leftOutLines],
    resolvedLines: resolvedLines.map(toResolvedLine),
  };
}

function toResolvedLine({ quantity, ...rest }: Resolved) {
  if (quantity === undefined) return rest;
  return { ...rest, quantityThousandths: Math.round(quantity * 1_000) };
}

/** Whole pieces for clients that know no others. */
function unmatchedOf({ unmatchedQuantity }: Pick<IngestResult, 'unmatchedQuantity'>) {
  if (unmatchedQuantity === undefined) return {};
  const unmatchedQuantityThousandths = Math.round(unmatchedQuantity * 1_000);
  return { unmatchedQuantity: Math.ceil(unmatchedQuantity), unmatchedQuantityThousandths };
}

export function toViolation({ limit, ...rest }: FieldViolation) {
  return { ...rest, ...(limit !== undefined && { limit: String(limit) }) };
}

export function toIngestResults(body: object) {
  const { results } = body as { readonly results: readonly IngestResult[] };
  return { results: results.map(toIngestResult) };
}

export function toItem(body: object): ItemMessage {
  const { category = [], tags = [], barcodes = [], status, role, ...rest } = body as Item;
  return {
    ...rest,
    category,
    tags,
    barcodes,
    status: enumName('ITEM_STATUS', status) as ItemStatus,
    ...(role !== undefined && { role: enumName('ITEM_ROLE', role) as ItemRole }),
  };
}

export function toItemPage(body: object): ListItemsResponse {
  const { items, ...rest } = body as { readonly items: readonly Item[] };
  return { items: items.map(toItem), ...rest };
}

export function toStorePage(body: object): ListStoresResponse {
  const { stores, ...rest } = body as { readonly stores: readonly StoreProfile[] };
  return { stores: [...stores], ...rest };
}

export function toEraseResponse(body: object): EraseMemberResponse {
  const receipt = body as EraseReceipt;
  const { digestBefore = '', digestAfter = '', nodes = [] } = receipt;
  return { ...receipt, digestBefore, digestAfter, nodes: [...nodes] };
}

export function toAudit(body: object): VerifyResponse_Audit {
  const audit = body as Audit;
  return { ...audit, differences: [...audit.differences] };
}

export function toTrailPage(body: object): ReadTrailResponse {
  const { entries, ...rest } = body as TrailPage;
  return {
    ...rest,
    entries: entries.map((entry) => ({ ...entry, subjects: [...(entry.subjects ?? [])] })),
  };
}
