// X.509 certificates for tests, made here: with any dates, which command-line tools do not offer.
// Just enough of DER (ITU-T X.690) for a version 3 certificate with an EC key (RFC 5280, RFC 5758).
import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  /** PEM, PKCS #8. */
  readonly key: string;
}

interface Issuer {
  readonly name: string;
  readonly privateKey: KeyObject;
}

interface IssueOptions {
  readonly from?: number;
  readonly to?: number;
  /** Names beside those two. */
  readonly uris?: readonly string[];
}

export interface Authority extends Certificate {
  /** A certificate for `localhost` and 127.0.0.1, for a server or a client. */
  issue(name: string, options?: IssueOptions): Certificate;
}

/** Days are counted from now; an expired certificate ends at -1. */
export function makeAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name, privateKey };
  const own = certificate({
    subject: name,
    publicKey,
    issuer,
    isAuthority: true,
    from: -2,
    to: 2,
    uris: [],
  });
  return {
    cert: own,
    key: pemOf(privateKey),
    issue(subject, { from = -2, to = 2, uris = [] } = {}) {
      const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { publicKey: subjectKey } = pair;
      const cert = certificate({
        subject,
        publicKey: subjectKey,
        issuer,
        isAuthority: false,
        from,
        to,
        uris,
      });
      return { cert, key: pemOf(pair.privateKey) };
    },
  };
}

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Contents {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: Issuer;
  readonly isAuthority: boolean;
  readonly from: number;
  readonly to: number;
  readonly uris: readonly string[];
}

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));

function certificate(contents: Contents): string {
  const { subject, publicKey, issuer, isAuthority, from, to, uris } = contents;
  const body = sequence(
    tagged(0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    distinguishedName(issuer.name),
    sequence(time(from), time(to)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, sequence(...extensions(isAuthority, uris))),
  );
  const signature = createSign('SHA256').update(body).sign(issuer.privateKey);
  const der = sequence(body, ecdsaWithSha256, bitString(signature));
  const lines = der.toString('base64').replaceAll(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

/** basicConstraints, and for others than authorities the names they are reached by. */
function extensions(isAuthority: boolean, uris: readonly string[]): Buffer[] {
  if (isAuthority) {
    return [sequence(oid('551d13'), octets(sequence(Buffer.of(0x01, 0x01, 0xff))))];
  }
  const names = sequence(
    element(0x82, Buffer.from('localhost')),
    element(0x87, Buffer.of(127, 0, 0, 1)),
    ...uris.map((uri) => element(0x86, Buffer.from(uri))),
  );
  return [sequence(oid('551d11'), octets(names))];
}

function distinguishedName(commonName: string): Buffer {
  const text = element(0x0c, Buffer.from(commonName));
  return sequence(element(0x31, sequence(oid('550403'), text)));
}

/** UTCTime, YYMMDDHHMMSSZ. */
function time(daysFromNow: number): Buffer {
  const moment = new Date(Date.now() + daysFromNow * 86_400_000).toISOString();
  return element(0x17, Buffer.from(`${moment.slice(2, 19).replaceAll(/[-:T]/g, '')}Z`));
}

function element(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size =
    length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 255);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

function sequence(...contents: Buffer[]): Buffer {
  return element(0x30, ...contents);
}

function tagged(number: number, content: Buffer): Buffer {
  return element(0xa0 | number, content);
}

function integer(bytes: Buffer): Buffer {
  return element(0x02, bytes);
}

function oid(hex: string): Buffer {
  return element(0x06, Buffer.from(hex, 'hex'));
}

function octets(content: Buffer): Buffer {
  return element(0x04, content);
}

function bitString(content: Buffer): Buffer {
  return element(0x03, Buffer.of(0), content);
}

/** Puts certificates where a door reads them, each file whole at once, as tools that renew do. */
export function certificatesIn(folder: string) {
  const at = (name: string) => join(folder, name);
  const put = (name: string, text: string): string => {
    writeFileSync(at(`${name}.new`), text);
    renameSync(at(`${name}.new`), at(name));
    return at(name);
  };
  const filesOf = ({ cert, key }: Certificate) => ({
    certFile: put('cert.pem', cert),
    keyFile: put('key.pem', key),
  });
  return { put, filesOf };
}
