// One way to ask any operation of the table through either door, and one shape for what comes back,
// so that the two can be compared.
import { Metadata } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { EngineOptions } from '../../engine/index.ts';
import type { Authenticate } from '../../server/access/authenticate.ts';
import type { LoadShedder } from '../../server/load-shedder.ts';
import type { EngineAccess } from '../../server/operations/operation.ts';
import { operations } from '../../server/operations.ts';
import { type Loopback, openLoopback } from './loopback.ts';
import { ask, type Message, openTill, refusalOf, type Till } from './till.ts';

export interface DoorAnswer {
  /** `OK`, or the code of the refusal. */
  readonly code: string;
  /** The reply as JSON, without empty lists: protocol buffers do not tell them from absent. */
  readonly body?: unknown;
  readonly message?: string;
  readonly reason?: string | undefined;
  readonly faults?: readonly { readonly field: string; readonly description: string }[];
  readonly retries?: boolean;
  readonly result?: unknown;
}

export interface DoorUnderTest {
  ask(operation: string, input: Record<string, unknown>, key?: string): Promise<DoorAnswer>;
  close(): Promise<void>;
}

const operationOf = (name: string) => {
  const operation = operations.find((each) => each.name === name);
  if (operation === undefined) throw new Error(`no operation ${name}`);
  return operation;
};

/** How a door under test differs from any other. */
export interface DoorParts {
  readonly loadShedder?: LoadShedder;
  readonly authenticate?: Authenticate;
  readonly log?: Logger;
  readonly engine?: Partial<EngineOptions>;
  /** Between the door and its engine. */
  readonly wrap?: (access: EngineAccess) => EngineAccess;
}

/** `now` in epoch milliseconds: refusals tell the time. */
export async function openHttpDoor(
  now: number,
  { wrap, engine, ...door }: DoorParts = {},
): Promise<DoorUnderTest> {
  const loopback = await openLoopback({ clock: () => now, ...engine }, door, wrap);
  return {
    ask: (name, input, key) => askHttp(loopback, { name, input, key }),
    close: () => loopback.close(),
  };
}

interface Question {
  readonly name: string;
  readonly input: Record<string, unknown>;
  readonly key: string | undefined;
}

async function askHttp(loopback: Loopback, { name, input, key }: Question): Promise<DoorAnswer> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const { method, path } = operationOf(name);
  const rest = { ...input };
  const target = path.replaceAll(/\{(\w+)\}/g, (_, id: string) => {
    const value = String(rest[id] ?? '');
    delete rest[id];
    return encodeURIComponent(value);
  });
  const reply =
    method === 'GET'
      ? await loopback.send('GET', `${target}?${queryOf(rest)}`, undefined, headers)
      : await loopback.send(method, target, method === 'DELETE' ? undefined : rest, headers);
  // Of many of which none is taken, HTTP says so by its status, and gRPC by the results alone.
  const hasResults = reply.json?.results !== undefined;
  if (reply.status < 300 || hasResults) return { code: 'OK', body: comparable(reply.json) };
  const { code, detail, reason, errors, result } = reply.json;
  return {
    code: code === 'CONFLICT' ? 'ALREADY_EXISTS' : code,
    message: detail,
    reason: reason ?? (code === 'CONFLICT' ? 'ALREADY_EXISTS' : code),
    faults: errors.map((fault: Message) => ({
      field: fault.field,
      description: `${fault.message} (got ${fault.value}, limit ${fault.limit})`,
    })),
    retries: reply.headers['retry-after'] !== undefined,
    result: result && withoutMessage(result),
  };
}

/** A status says the words of its result once. */
function withoutMessage({ message: _message, limit: _limit, ...result }: Message): unknown {
  return result;
}

function queryOf(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)]))
    .map(([name, one]) => `${name}=${encodeURIComponent(one!)}`)
    .join('&');
}

export async function openGrpcDoor(
  now: number,
  { wrap, engine, ...door }: DoorParts = {},
): Promise<DoorUnderTest> {
  const options = engine && { options: engine };
  const till = await openTill(door, { clock: () => now, ...(wrap && { wrap }), ...options });
  const clients = new Map<string, Message>();
  const clientOf = (service: string): Message => {
    const client = clients.get(service) ?? till.client(service);
    clients.set(service, client);
    return client;
  };
  return {
    ask: (name, input, key) => askGrpc(clientOf, { name, input, key }),
    close: () => till.close(),
  };
}

async function askGrpc(
  clientOf: Till['client'],
  { name, input, key }: Question,
): Promise<DoorAnswer> {
  const metadata = new Metadata();
  if (key !== undefined) metadata.set('x-api-key', key);
  const { rpc = '' } = operationOf(name);
  const [service = '', method = ''] = rpc.split('/');
  const client = clientOf(service);
  try {
    const request = named(input) as object;
    if (name === 'verify')
      return { code: 'OK', body: await lastOf(client.Verify(request, metadata)) };
    return { code: 'OK', body: comparable(await ask(client, method, request, { metadata })) };
  } catch (error) {
    const { code, message, info, violations, retryAfterMs, result } = refusalOf(error);
    return {
      code,
      message,
      reason: info?.reason,
      faults: violations.map(({ field, description }) => ({ field, description })),
      retries: retryAfterMs !== undefined,
      result: result && (comparable(result) as object),
    };
  }
}

async function lastOf(stream: AsyncIterable<Message>): Promise<unknown> {
  let last: Message;
  for await (const message of stream) last = message;
  return comparable(last.audit);
}

const enumPrefixes: Readonly<Record<string, string>> = {
  scenario: 'SCENARIO',
  daypart: 'DAYPART',
  channel: 'CHANNEL',
  type: 'REASON_TYPE',
  relaxations: 'RELAXATION',
  role: 'ITEM_ROLE',
};
const statusPrefix = /^(INGEST|ITEM)_STATUS_/;

/** Our words as the names that protocol buffers have for them. */
function named(value: unknown, field = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => named(one, field));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, one]) => [key, named(one, key)]);
    return Object.fromEntries(field === 'lines' ? fields.map(inThousandths) : fields);
  }
  if (field === 'status') return `ITEM_STATUS_${String(value).toUpperCase()}`;
  const prefix = enumPrefixes[field];
  if (prefix === undefined) return value;
  const words = String(value).replaceAll('-', '_').replace('giftCard', 'gift_card');
  return `${prefix}_${words.toUpperCase()}`;
}

/** Results have two fields for pieces that were not matched: this one says all that HTTP says. */
function inPieces({ unmatchedQuantityThousandths: exact, ...rest }: Record<string, unknown>) {
  return exact === undefined ? rest : { ...rest, unmatchedQuantity: Number(exact) / 1_000 };
}

/** Lines of receipts have two fields for a quantity: one for whole pieces, and one for any. */
function inThousandths([name, value]: readonly unknown[]): readonly unknown[] {
  const isWhole = Number.isInteger(value) && (value as number) > 0;
  if (name !== 'quantity' || typeof value !== 'number' || isWhole) return [name, value];
  return ['quantityThousandths', value * 1_000];
}

/** What differs from one asking to the next by its nature: shown, but not compared. */
const unsteady = new Set([
  'recommendationId',
  'bytesGoneBy',
  'clock',
  'seconds',
  'bytesBefore',
  'bytesAfter',
]);

/** Back to our words; lists that are empty and oneofs of one optional field say nothing. */
function comparable(value: unknown, field = ''): unknown {
  if (unsteady.has(field)) return typeof value;
  if (field === 'limit') return String(value);
  if (Array.isArray(value)) return value.map((one) => comparable(one, field));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([key, one]) => !key.startsWith('_') && one !== undefined)
      .filter(([, one]) => !(Array.isArray(one) && one.length === 0))
      .map(([key, one]) => [key, comparable(one, key)]);
    return inPieces(Object.fromEntries(entries));
  }
  if (typeof value !== 'string') return value;
  if (field === 'status') return value.replace(statusPrefix, '').toLowerCase();
  const prefix = enumPrefixes[field];
  const isName = prefix !== undefined && value.startsWith(`${prefix}_`);
  if (!isName) return value;
  const word = value.slice(prefix.length + 1).toLowerCase();
  if (field === 'role') return word.replace('gift_card', 'giftCard');
  return field === 'scenario' ? word.replaceAll('_', '-') : word;
}
