// TLS of the gRPC door: what grpc-js takes, with another certificate when the files change.
import type { SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { type TlsFiles, watchTlsFiles } from '../tls-files.ts';

export interface Credentials {
  readonly credentials: ServerCredentials;
  stop(): void;
}

/** Throws what is wrong with the files. */
export function tlsCredentials(files: TlsFiles, log: Logger, everyMs?: number): Credentials {
  const onChange = (context: SecureContextOptions): void => credentials.replace(context);
  const watched = watchTlsFiles(files, log, onChange, everyMs);
  const asksClients = files.clientCaFile !== undefined;
  const credentials = new ReplaceableCredentials(watched.current(), asksClients);
  return { credentials, stop: watched.stop };
}

/** grpc-js hands a new context to its listening server when it gets one. */
class ReplaceableCredentials extends ServerCredentials {
  constructor(context: SecureContextOptions, asksClients: boolean) {
    super({ requestCert: asksClients, rejectUnauthorized: asksClients }, context);
  }

  replace(context: SecureContextOptions): void {
    this.updateSecureContextOptions(context);
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}
