// A process of its own: a bare grpc-js server that answers each method with bytes it was given.
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import { answerJob } from './process.ts';

export interface BareGrpcJob {
  /** Of one service, by its full path `/package.Service/Method`. */
  readonly replies: ReadonlyMap<string, Uint8Array>;
}

const identity = (bytes: Buffer): Buffer => bytes;

answerJob(async ({ replies }: BareGrpcJob): Promise<string> => {
  const server = new Server();
  for (const [path, bytes] of replies) {
    const reply = Buffer.from(bytes);
    const method = {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    } as const;
    const definition: ServiceDefinition = { call: method };
    server.addService(definition, {
      call: (_: unknown, done: (error: null, reply: Buffer) => void) => done(null, reply),
    });
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return `127.0.0.1:${port}`;
});
