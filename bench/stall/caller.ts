// A client of both doors that takes only the answers it expects.
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { ListItemsRequest, ListItemsResponse } from '#proto/caini/v1/catalog.js';
import type { Program } from '../load/process.ts';

export interface Caller {
  get(path: string): Promise<void>;
  /** POST. */
  send(path: string, body: string): Promise<void>;
  put(path: string, body: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** POST of what must be refused, or of a batch that is refused one by one. */
  refused(path: string, body: string): Promise<void>;
  page(limit: number): Promise<void>;
  refusedCall(rpc: string, message: Buffer): Promise<void>;
  close(): void;
}

export function createCaller({ url, grpcAddress }: Pick<Program, 'url' | 'grpcAddress'>): Caller {
  const client = new Client(grpcAddress!, credentials.createInsecure(), {
    'grpc.max_receive_message_length': 64 * 1_048_576,
  });
  const call = (rpc: string, message: Buffer) =>
    new Promise<Buffer>((resolve, reject) => {
      const same = (bytes: Buffer) => bytes;
      client.makeUnaryRequest(`/caini.v1.${rpc}`, same, same, message, (error, reply) =>
        error ? reject(error) : resolve(reply!),
      );
    });
  const exchange = async (method: string, path: string, body?: string): Promise<Response> => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(url + path, {
      method,
      headers,
      ...(body !== undefined && { body }),
    });
    return response;
  };
  const expectOk = async (method: string, path: string, body?: string): Promise<void> => {
    const response = await exchange(method, path, body);
    const text = await response.text();
    if (response.ok) return;
    throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  };
  return {
    get: (path) => expectOk('GET', path),
    send: (path, body) => expectOk('POST', path, body),
    put: (path, body) => expectOk('PUT', path, body),
    remove: (path) => expectOk('DELETE', path),
    refused: async (path, body) => {
      const response = await exchange('POST', path, body);
      const text = await response.text();
      const isEach = response.status === 200 && !text.includes('"created"');
      if (!isEach && ![400, 422].includes(response.status)) {
        throw new Error(`POST ${path}: ${response.status} ${text.slice(0, 500)}`);
      }
    },
    page: async (limit) => {
      const request = Buffer.from(ListItemsRequest.encode({ limit }).finish());
      const reply = await call('CatalogService/ListItems', request);
      if (ListItemsResponse.decode(reply).items.length === 0) throw new Error('an empty page');
    },
    refusedCall: async (rpc, message) => {
      const code = await call(rpc, message).then(
        () => 0,
        (error: ServiceError) => error.code,
      );
      if (code !== 3) throw new Error(`${rpc} was answered with code ${code}`);
    },
    close: () => client.close(),
  };
}

const bytesField = (field: number, bytes: Buffer): Buffer => {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest > 127; rest >>= 7) length.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, rest]), bytes]);
};
const repeated = (field: number, bytes: Buffer, count: number) =>
  Buffer.concat(Array(count).fill(bytesField(field, bytes)));
const nothing = Buffer.alloc(0);

/** Messages of about 1 MB that must be refused. */
export const grpcJunk: Readonly<Record<string, (caller: Caller) => Promise<void>>> = {
  'empty lines': (caller) =>
    caller.refusedCall('IngestService/RecordPurchase', repeated(7, nothing, 500_000)),
  'empty items': (caller) =>
    caller.refusedCall('CatalogService/WriteItems', repeated(1, nothing, 60_000)),
  'an item of tags': (caller) =>
    caller.refusedCall('CatalogService/WriteItems', bytesField(1, repeated(6, nothing, 500_000))),
};
