// TLS of the gRPC door: certificates from files, taken anew when these change, and never a broken
// set in place of a good one.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ServerCredentials } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { EngineError } from '../../engine/index.ts';
import { readSecretFile } from '../config.ts';
import { doorLimits } from '../limits.ts';
import { watchFiles } from '../watch-files.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** Absent: clients need no certificate. Else each must show one that this CA has signed. */
  readonly clientCaFile?: string | undefined;
}

export interface Credentials {
  readonly credentials: ServerCredentials;
  stop(): void;
}

/** Throws what is wrong with the files. */
export function tlsCredentials(
  files: TlsFiles,
  log: Logger,
  everyMs: number = doorLimits.filesEveryMs,
): Credentials {
  const { certFile, keyFile, clientCaFile } = files;
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  const read = (): SecureContextOptions => readContext(files, log);
  const watched = watchFiles({
    paths,
    read,
    onChange: (context) => credentials.replace(context),
    everyMs,
    log,
  });
  const credentials = new ReplaceableCredentials(watched.current(), clientCaFile !== undefined);
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

function readContext({ certFile, keyFile, clientCaFile }: TlsFiles, log: Logger) {
  const cert = readFileSync(certFile);
  const context: SecureContextOptions = {
    cert,
    key: readSecretFile('grpcKeyFile', keyFile),
    minVersion: 'TLSv1.2',
    ...(clientCaFile !== undefined && { ca: readFileSync(clientCaFile) }),
  };
  try {
    // Throws when the key is not that of the certificate, or when either is not whole.
    createSecureContext(context);
  } catch (cause) {
    const why = (cause as Error).message;
    const message = `${certFile} and ${keyFile} are no certificate with its key: ${why}`;
    throw new EngineError('FAILED_PRECONDITION', message, { cause });
  }
  logValidity(cert, certFile, log);
  return context;
}

const millisecondsPerDay = 86_400_000;

/** Clients refuse an expired certificate; whoever reads the log should know it before they do. */
function logValidity(cert: Buffer, certFile: string, log: Logger): void {
  const { validTo } = new X509Certificate(cert);
  const daysLeft = (Date.parse(validTo) - Date.now()) / millisecondsPerDay;
  if (daysLeft < 0) {
    log.error(`the certificate ${certFile} has expired (${validTo}): clients will refuse it`);
  } else if (daysLeft < doorLimits.certificateDaysWarned) {
    log.warn(`the certificate ${certFile} expires in ${Math.floor(daysLeft)} days (${validTo})`);
  }
}
