// The settings of the doors: where each listens, by what, and what may not stand open.
import { join } from 'node:path';
import { type ClientAddresses, createClientAddresses } from './client-address.ts';
import { environmentName, listOf, type Settings, SettingsError, unlessNone } from './config.ts';
import { quoteValue } from './quote-value.ts';

/** What the HTTP door opens with. Throws SettingsError. */
export function httpSettings(settings: Settings) {
  const { host, httpPort: port } = settings;
  const certFile = unlessNone(settings.httpCertFile);
  const keyFile = unlessNone(settings.httpKeyFile);
  if (certFile === undefined && keyFile === undefined) return { host, port };
  if (certFile === undefined || keyFile === undefined) {
    throw halfOfTls('CAINI_HTTP_CERT_FILE and CAINI_HTTP_KEY_FILE', 'HTTP');
  }
  const keySetting = 'httpKeyFile' as const;
  return { host, port, tls: { certFile, keyFile, keySetting } };
}

/** What the gRPC door opens with; undefined when there is to be none. Throws SettingsError. */
export function grpcSettings(settings: Settings) {
  const { grpcHost: host, grpcPort: port } = settings;
  if (port === 'none') return undefined;
  const certFile = unlessNone(settings.grpcCertFile);
  const keyFile = unlessNone(settings.grpcKeyFile);
  const clientCaFile = unlessNone(settings.grpcClientCaFile);
  if (certFile !== undefined && keyFile !== undefined) {
    const keySetting = 'grpcKeyFile' as const;
    return { host, port, tls: { certFile, keyFile, keySetting, clientCaFile } };
  }
  if (certFile !== undefined || keyFile !== undefined || clientCaFile !== undefined) {
    throw halfOfTls('CAINI_GRPC_CERT_FILE and CAINI_GRPC_KEY_FILE', 'gRPC');
  }
  return { host, port };
}

function halfOfTls(both: string, door: string): SettingsError {
  return new SettingsError(`${both} must both be set for ${door} over TLS`);
}

/** Where the API keys are. */
export function accessFolder({ accessDir, dataDir }: Settings): string {
  return accessDir === 'auto' ? join(dataDir, 'access') : accessDir;
}

/** Where the audit trail is. */
export function auditFolder({ auditDir, dataDir }: Settings): string {
  return auditDir === 'auto' ? join(dataDir, 'audit') : auditDir;
}

/** Where the public keys of member tokens are, and whether they have to be. */
export function tokenKeysPlace(settings: Settings) {
  const { tokenJwksFile } = settings;
  const isRequired = tokenJwksFile !== 'auto';
  const path = isRequired ? tokenJwksFile : join(accessFolder(settings), 'token-issuers.json');
  return { path, isRequired };
}

/** An address that only this machine reaches; a name other than localhost may mean any. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

interface DoorPlace {
  readonly setting: 'host' | 'grpcHost';
  readonly host: string;
  readonly tls?: object | undefined;
}

/**
 * Whether the doors may be opened: those that other machines reach ask for keys, and are not
 * listened to on the way. Throws SettingsError with the commands that mend it.
 */
export function assertGuarded(settings: Settings, canAnybodyEnter: boolean): void {
  const grpc = grpcSettings(settings);
  const doors: readonly DoorPlace[] = [
    { setting: 'host', ...httpSettings(settings) },
    ...(grpc === undefined ? [] : [{ setting: 'grpcHost', ...grpc } as const]),
  ];
  // A proxy reaches loopback, and whoever reaches the proxy does then.
  const hasProxy = settings.plaintext === 'behind-proxy';
  const reached = doors.filter(({ host }) => hasProxy || !isLoopback(host));
  const plain = hasProxy ? [] : reached.filter(({ tls }) => !tls);
  const [door] = plain.length > 0 ? plain : canAnybodyEnter ? [] : reached;
  if (door === undefined) return;
  const faults: string[] = [];
  const ways: string[] = [];
  if (!canAnybodyEnter) {
    faults.push('without an API key that anybody could have');
    ways.push(`caini keys create --name NAME --scopes read,write${optionsFor(settings)}`);
  }
  if (plain.length > 0) {
    faults.push('in plaintext');
    ways.push(plaintextWays[door.setting]);
  }
  const place = isLoopback(door.host)
    ? 'CAINI_PLAINTEXT is behind-proxy'
    : `${environmentName(door.setting)} is ${quoteValue(door.host)}`;
  const fault = `${place}, so that other machines reach it, ${faults.join(' and ')}`;
  throw new SettingsError(`${fault}; first: ${ways.join('; and: ')}`);
}

const orProxy = 'or CAINI_PLAINTEXT=behind-proxy where a proxy speaks TLS in front of it';
const plaintextWays = {
  host: `export CAINI_HTTP_CERT_FILE=… CAINI_HTTP_KEY_FILE=…, ${orProxy}`,
  grpcHost: `export CAINI_GRPC_CERT_FILE=… CAINI_GRPC_KEY_FILE=…, ${orProxy}`,
} as const;

/** The options of a command that finds the same keys. */
function optionsFor({ accessDir, dataDir }: Settings): string {
  if (accessDir !== 'auto') return ` --access-dir ${accessDir}`;
  return dataDir === './data' ? '' : ` --data-dir ${dataDir}`;
}

/** Addresses behind which many clients stand. */
export function sharedAddresses({ sharedAddresses: listed }: Settings): readonly string[] {
  return listOf(listed);
}

/** Whose word on the address of a client counts. */
export function clientAddresses(settings: Settings): ClientAddresses {
  const { trustedProxies, forwardedHeader: header } = settings;
  return createClientAddresses({ networks: listOf(trustedProxies), header });
}

/** How often something may happen in a minute; absent: as often as it likes. */
export function rates(settings: Settings) {
  const numberOf = (rate: number | 'none') => (rate === 'none' ? undefined : rate);
  return {
    failuresPerMinute: numberOf(settings.failuresPerMinute),
    requestsPerMinute: numberOf(settings.memberRequestsPerMinute),
    guideMembersPerMinute: numberOf(settings.guideMembersPerMinute),
  };
}

/** Names that requests may ask by, beside addresses and localhost. */
export function publicHosts({ host, publicHosts: listed }: Settings): readonly string[] {
  return [host, ...listOf(listed)];
}

/** Whose pages may ask; `*`: all. */
export function corsOrigins({ corsOrigins: listed }: Settings): readonly string[] {
  return listOf(listed);
}
