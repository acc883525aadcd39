// Which message each operation takes and gives over gRPC.
import type { BinaryWriter } from '@bufbuild/protobuf/wire';
import * as admin from '#proto/caini/v1/admin.js';
import * as catalog from '#proto/caini/v1/catalog.js';
import { RecommendForBasketRequest } from '#proto/caini/v1/checkout.js';
import { AttachMemberRequest, IngestResult } from '#proto/caini/v1/ingest.js';
import * as member from '#proto/caini/v1/member.js';
import * as recommendation from '#proto/caini/v1/recommendation.js';
import { nextTurn, type RecommendReply } from '../../engine/index.ts';
import { doorLimits } from '../limits.ts';
import { longListOf } from '../pieces.ts';
import type { Decoder } from './input.ts';
import { purchaseMessage, returnMessage, unreferencedReturnMessage } from './quantities.ts';
import * as replies from './replies.ts';

/** One call, whose request and reply are one message each. */
export interface Method {
  readonly request: Decoder<object>;
  /** Behind what `writer` holds already, when there is one. */
  readonly write: (body: object, writer?: BinaryWriter) => BinaryWriter;
  /** The field of the body that is a list and may be long. */
  readonly list?: string;
}

interface Encoder<Message> {
  encode(message: Message, writer?: BinaryWriter): BinaryWriter;
}

function method<Message>(
  request: Decoder<object>,
  reply: Encoder<Message>,
  toMessage: (body: object) => Message,
): Method {
  return { request, write: (body, writer) => reply.encode(toMessage(body), writer) };
}

/** The same of a reply that is a list. */
function page<Message>(
  request: Decoder<object>,
  reply: Encoder<Message>,
  toMessage: (body: object) => Message,
  list: string,
): Method {
  return { ...method(request, reply, toMessage), list };
}

export function encodeReply({ write }: Method, body: object): Buffer {
  return bytesOf(write(body));
}

/**
 * The same over several turns of the event loop, for a reply that may be a long list: messages that
 * follow one another are one to who reads them, their lists end to end
 * (https://protobuf.dev/programming-guides/encoding/#last-one-wins).
 */
export async function encodeInPieces({ write, list = '' }: Method, body: object): Promise<Buffer> {
  if (longListOf(body) !== list) return bytesOf(write(body));
  const { [list]: entries = [], ...rest } = body as Record<string, readonly unknown[]>;
  const writer = write({ ...rest, [list]: [] });
  for (let from = 0; from < entries.length; from += doorLimits.pieceEntries) {
    await nextTurn();
    write({ [list]: entries.slice(from, from + doorLimits.pieceEntries) }, writer);
  }
  return bytesOf(writer);
}

/** What was written, without another copy. */
function bytesOf(writer: BinaryWriter): Buffer {
  const { buffer, byteOffset, byteLength } = writer.finish();
  return Buffer.from(buffer, byteOffset, byteLength);
}

const list = (request: Decoder<object>): Method =>
  method(request, recommendation.RecommendResponse, (body) =>
    replies.toRecommendResponse(body as RecommendReply),
  );
const event = (request: Decoder<object>): Method =>
  method(request, IngestResult, replies.toIngestResult);

/** Bodies that are the message as they are: text, numbers and flags of the same names. */
const asItIs = <Message>(body: object): Message => body as Message;

/** By `rpc` of the table of operations. */
export const methods: Readonly<Record<string, Method>> = {
  'RecommendationService/Recommend': list(recommendation.RecommendRequest),
  'RecommendationService/RecommendForMember': list(recommendation.RecommendForMemberRequest),
  'RecommendationService/RecommendBuyAgain': list(recommendation.RecommendBuyAgainRequest),
  'RecommendationService/RecommendSimilar': list(recommendation.RecommendSimilarRequest),
  'RecommendationService/RecommendBoughtTogether': list(
    recommendation.RecommendBoughtTogetherRequest,
  ),
  'RecommendationService/RecommendPopular': list(recommendation.RecommendPopularRequest),
  'CheckoutService/RecommendForBasket': list(RecommendForBasketRequest),
  'IngestService/RecordPurchase': event(purchaseMessage),
  'IngestService/AttachMember': event(AttachMemberRequest),
  'IngestService/RecordReturn': event(returnMessage),
  'IngestService/RecordUnreferencedReturn': event(unreferencedReturnMessage),
  'CatalogService/ListItems': page(
    catalog.ListItemsRequest,
    catalog.ListItemsResponse,
    replies.toItemPage,
    'items',
  ),
  'CatalogService/WriteItems': method(
    catalog.WriteItemsRequest,
    catalog.WriteItemsResponse,
    replies.toIngestResults,
  ),
  'CatalogService/ReadItem': method(catalog.ReadItemRequest, catalog.Item, replies.toItem),
  'CatalogService/WriteItem': event(catalog.Item),
  'CatalogService/MergeItem': event(catalog.MergeItemRequest),
  'CatalogService/UnmergeItem': event(catalog.UnmergeItemRequest),
  'CatalogService/ListStores': page(
    catalog.ListStoresRequest,
    catalog.ListStoresResponse,
    replies.toStorePage,
    'stores',
  ),
  'CatalogService/ReadStore': method(catalog.ReadStoreRequest, catalog.Store, asItIs),
  'CatalogService/WriteStore': event(catalog.Store),
  'MemberService/MergeMembers': event(member.MergeMembersRequest),
  'MemberService/WriteConsent': event(member.WriteConsentRequest),
  'MemberService/EraseMember': method(
    member.EraseMemberRequest,
    member.EraseMemberResponse,
    replies.toEraseResponse,
  ),
  'AdminService/Verify': method(admin.VerifyRequest, admin.VerifyResponse, (body) => ({
    step: { $case: 'audit' as const, audit: replies.toAudit(body) },
  })),
  'AdminService/Checkpoint': method(admin.CheckpointRequest, admin.CheckpointResponse, asItIs),
  'AdminService/Compact': method(admin.CompactRequest, admin.CompactResponse, asItIs),
  'AdminService/Expire': method(admin.ExpireRequest, admin.ExpireResponse, asItIs),
  'AdminService/ConfirmClock': method(
    admin.ConfirmClockRequest,
    admin.ConfirmClockResponse,
    asItIs,
  ),
  'AdminService/ReadSuspicions': method(
    admin.ReadSuspicionsRequest,
    admin.ReadSuspicionsResponse,
    asItIs,
  ),
  'AdminService/ReadTrail': method(
    admin.ReadTrailRequest,
    admin.ReadTrailResponse,
    replies.toTrailPage,
  ),
  'AdminService/ProveTrailInclusion': method(
    admin.ProveTrailInclusionRequest,
    admin.ProveTrailInclusionResponse,
    asItIs,
  ),
  'AdminService/ProveTrailConsistency': method(
    admin.ProveTrailConsistencyRequest,
    admin.ProveTrailConsistencyResponse,
    asItIs,
  ),
};

/** How far long work is, for the one operation that tells it. */
export function encodeProgress(done: number, total: number): Buffer {
  const progress = { done, total };
  return bytesOf(admin.VerifyResponse.encode({ step: { $case: 'progress', progress } }));
}
