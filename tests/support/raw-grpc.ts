// A client of the gRPC door that speaks HTTP/2 with its own hands: it frames messages as it likes,
// and reads only when it is asked to.
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { ScanSessionRequest } from '#proto/caini/v1/checkout.js';
import { Purchase } from '#proto/caini/v1/ingest.js';

export interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** `grpc-status` of the trailers, or undefined while there are none; and how HTTP/2 ended. */
  readonly ended: Promise<{ readonly status: string | undefined; readonly rstCode: number }>;
  hasEnded: boolean;
}

export interface RawClient {
  readonly session: ClientHttp2Session;
  call(path: string, headers?: object): RawCall;
  close(): void;
}

export function openRaw(url: string): RawClient {
  const session = http2.connect(url.replace('grpc://', 'http://'));
  // Who is cut hears of it as an error.
  session.on('error', () => {});
  return {
    session,
    call: (path, headers = {}) => watch(session.request({ ...head(path), ...headers })),
    close: () => session.destroy(),
  };
}

function head(path: string) {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}

function watch(stream: ClientHttp2Stream): RawCall {
  stream.on('error', () => {});
  const call = { stream, hasEnded: false };
  const ended = new Promise<{ status: string | undefined; rstCode: number }>((resolve) => {
    const end = (status?: string): void => {
      call.hasEnded = true;
      resolve({ status, rstCode: stream.rstCode ?? 0 });
    };
    // Node closes a stream that the server has ended only when its own side has ended too.
    const note = ({ 'grpc-status': status }: http2.IncomingHttpHeaders): void => {
      if (status !== undefined) end(status as string);
    };
    stream.on('response', note);
    stream.on('trailers', note);
    stream.once('close', () => end());
  });
  return Object.assign(call, { ended });
}

/** A message as gRPC frames it: not compressed, with its length before it. */
export function framed(bytes: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + bytes.length);
  frame.writeUInt32BE(bytes.length, 1);
  frame.set(bytes, 5);
  return frame;
}

type Event = NonNullable<ScanSessionRequest['event']>;

export function scanMessage(event: Event): Buffer {
  return framed(ScanSessionRequest.encode({ event }).finish());
}

export function purchaseMessage(purchase: Purchase): Buffer {
  return framed(Purchase.encode(purchase).finish());
}

export const scanSession = '/caini.v1.CheckoutService/ScanSession';
export const streamPurchases = '/caini.v1.IngestService/StreamPurchases';
export const recordPurchases = '/caini.v1.IngestService/RecordPurchases';
export const recommend = '/caini.v1.RecommendationService/Recommend';
