// A till that is known by its certificate: which one it is, and what it may.
import type { X509Certificate } from 'node:crypto';
import { type Clock, EngineError, idSchema } from '../../engine/index.ts';
import type { Caller } from '../operations/caller.ts';

/** Throws UNAUTHENTICATED once the certificate has expired: a connection may last longer. */
export type CertifiedTill = () => Caller;

const namePattern = /^URI:caini:(terminal|store):([\w.~%-]+)$/;

/**
 * Of a certificate that was verified and has the names `caini:terminal:ID` and `caini:store:ID`
 * once each, as URIs (RFC 5280 section 4.2.1.6): a caller with the scope `till` in that store.
 * Undefined for all others, who show a key.
 */
export function certifiedTill(
  certificate: X509Certificate,
  clock: Clock,
): CertifiedTill | undefined {
  const { subjectAltName = '', validTo } = certificate;
  // Node quotes a name that holds what stands between two: such a name may look like several.
  if (subjectAltName.includes('"')) return undefined;
  const terminals = idsIn(subjectAltName, 'terminal');
  const stores = idsIn(subjectAltName, 'store');
  const [terminalId, storeId] = [terminals[0], stores[0]];
  if (terminalId === undefined || storeId === undefined) return undefined;
  if (terminals.length > 1 || stores.length > 1) return undefined;
  const caller: Caller = {
    keyId: `till ${storeId}/${terminalId}`,
    scopes: new Set(['till']),
    stores: new Set([storeId]),
    scenarios: 'all',
  };
  const endMs = Date.parse(validTo);
  return () => {
    if (clock() < endMs) return caller;
    const message = `the certificate of ${caller.keyId} has expired at ${validTo}`;
    throw new EngineError('UNAUTHENTICATED', message, { reason: 'CERTIFICATE_EXPIRED' });
  };
}

/** What is no id is kept, so that there are two where one was meant. */
function idsIn(names: string, kind: string): (string | undefined)[] {
  return names
    .split(', ')
    .map((name) => namePattern.exec(name) ?? [])
    .filter(([, found]) => found === kind)
    .map(([, , written = '']) => idOf(written));
}

/** A URI has ASCII only: other characters are percent-encoded. */
function idOf(written: string): string | undefined {
  try {
    const parsed = idSchema.safeParse(decodeURIComponent(written));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
