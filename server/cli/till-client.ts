// The till's line to the server: one session, receipts that reach it whatever happens to the
// session.
import { readFileSync } from 'node:fs';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { ListItemsRequest, ListItemsResponse } from '#proto/caini/v1/catalog.js';
import { ScanSessionRequest, ScanSessionResponse } from '#proto/caini/v1/checkout.js';
import { IngestResult, Purchase } from '#proto/caini/v1/ingest.js';
import type { ShelfItem } from './till-line.ts';

export interface LineOptions {
  /** `grpc://host:port`, or `grpcs://` for TLS. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

export type TillEvent = NonNullable<ScanSessionRequest['event']>;
export type TillReply = NonNullable<ScanSessionResponse['event']>;

export interface SessionLine {
  /** False when the line is gone. */
  send(event: TillEvent): boolean;
  close(): void;
}

export interface TillClient {
  /** Up to `itemsMax` items of the catalogue. */
  readShelf(itemsMax: number): Promise<readonly ShelfItem[]>;
  openSession(onReply: (event: TillReply) => void, end: (why: string) => void): SessionLine;
  /** Sends a receipt by itself, again and again for a while: it counts once. */
  recordPurchase(purchase: Purchase): Promise<IngestResult>;
  close(): void;
}

interface Codec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

const pageItems = 1_000;
const unaryDeadlineMs = 2_000;
const attemptsMax = 5;

export function connectTill(options: LineOptions): TillClient {
  const address = options.url.replace(/^grpcs?:\/\//, '');
  const client = new Client(address, channelCredentials(options), {
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 5_000,
  });
  const metadata = new Metadata();
  if (options.apiKey !== undefined) metadata.set('x-api-key', options.apiKey);
  const ask = <Request, Reply>(
    path: string,
    [request, reply]: readonly [Codec<Request>, Codec<Reply>],
    message: Request,
  ): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + unaryDeadlineMs;
      const done = (error: ServiceError | null, answer?: Reply): void => {
        if (error === null) resolve(answer as Reply);
        else reject(error);
      };
      client.makeUnaryRequest(
        path,
        serializer(request),
        reply.decode,
        message,
        metadata,
        { deadline },
        done,
      );
    });
  return {
    readShelf: async (itemsMax) => {
      const shelf: ShelfItem[] = [];
      const codecs = [ListItemsRequest, ListItemsResponse] as const;
      for (let after: string | undefined; shelf.length < itemsMax; ) {
        const request = { limit: pageItems, ...(after !== undefined && { after }) };
        const page = await ask('/caini.v1.CatalogService/ListItems', codecs, request);
        shelf.push(...page.items);
        after = page.nextAfter;
        if (after === undefined) break;
      }
      return shelf;
    },
    openSession: (onReply, end) => openSession(client, metadata, onReply, end),
    async recordPurchase(purchase) {
      for (let attempt = 1; ; attempt++) {
        try {
          const codecs = [Purchase, IngestResult] as const;
          return await ask('/caini.v1.IngestService/RecordPurchase', codecs, purchase);
        } catch (error) {
          if (attempt === attemptsMax || !isWorthAnother(error as ServiceError)) throw error;
          await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt));
        }
      }
    },
    close: () => client.close(),
  };
}

/** The receipt is in order and the server is not. */
function isWorthAnother({ code }: ServiceError): boolean {
  return [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED].includes(code);
}

function serializer<Message>(codec: Codec<Message>) {
  return (message: Message): Buffer => Buffer.from(codec.encode(message).finish());
}

function openSession(
  client: Client,
  metadata: Metadata,
  onReply: (event: TillReply) => void,
  end: (why: string) => void,
): SessionLine {
  const stream: ClientDuplexStream<ScanSessionRequest, ScanSessionResponse> =
    client.makeBidiStreamRequest(
      '/caini.v1.CheckoutService/ScanSession',
      serializer(ScanSessionRequest),
      (bytes: Buffer) => ScanSessionResponse.decode(bytes),
      metadata,
    );
  let isOpen = true;
  const ended = (why: string): void => {
    if (!isOpen) return;
    isOpen = false;
    end(why);
  };
  stream.on('data', ({ event }: ScanSessionResponse) => event && onReply(event));
  stream.on('error', (error: ServiceError) => ended(error.details || error.message));
  stream.on('end', () => ended('the server has hung up'));
  return {
    send(event) {
      if (isOpen) stream.write({ event });
      return isOpen;
    },
    close() {
      isOpen = false;
      stream.end();
    },
  };
}

function channelCredentials(options: LineOptions): ChannelCredentials {
  const { url, caFile, certFile, keyFile } = options;
  if (!url.startsWith('grpcs://') && caFile === undefined) return credentials.createInsecure();
  const read = (path: string | undefined) => (path === undefined ? null : readFileSync(path));
  return credentials.createSsl(read(caFile), read(keyFile), read(certFile));
}
