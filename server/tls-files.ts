// TLS of a door: certificate and key from files, taken anew when these change, and never a broken
// pair in place of a good one.
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Logger } from 'pino';
import { counted, EngineError } from '../engine/index.ts';
import { readSecretFile } from './config.ts';
import { doorLimits } from './limits.ts';
import { type WatchedFiles, watchFiles } from './watch-files.ts';

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** The setting that names the key file, for refusals, which do not repeat what it is set to. */
  readonly keySetting: 'httpKeyFile' | 'grpcKeyFile';
  /** Absent: clients need no certificate. Else each must show one that this CA has signed. */
  readonly clientCaFile?: string | undefined;
}

/** Throws what is wrong with the files. */
export function watchTlsFiles(
  files: TlsFiles,
  log: Logger,
  onChange: (context: SecureContextOptions) => void,
  everyMs: number = doorLimits.filesEveryMs,
): WatchedFiles<SecureContextOptions> {
  const { certFile, keyFile, clientCaFile } = files;
  const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
  const read = (): SecureContextOptions => readContext(files, log);
  return watchFiles({ paths, read, onChange, everyMs, log });
}

function readContext(
  { certFile, keyFile, keySetting, clientCaFile }: TlsFiles,
  log: Logger,
): SecureContextOptions {
  const cert = readFileSync(certFile);
  const context: SecureContextOptions = {
    cert,
    key: readSecretFile(keySetting, keyFile),
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
    log.warn(
      `the certificate ${certFile} expires in ${counted(Math.floor(daysLeft), 'day')} (${validTo})`,
    );
  }
}
