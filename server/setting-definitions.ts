// What can be set, and what each setting may be: one table.
import { isIP } from 'node:net';
import { z } from 'zod';
import { limits, originName, timeZoneSchema } from '../engine/index.ts';
import { barcodePatternsSchema } from './barcode-patterns.ts';
import { clientSettings } from './client-settings.ts';

const portSchema = z.int().min(0).max(65_535);
const portAllowed = 'an integer from 0 to 65535; 0 takes any free port';
export const daysSchema = z.union([z.int().min(1).max(36_500), z.literal('none')]);
export const daysAllowed = 'whole days from 1 to 36500, or none';
const fileSchema = z.string().min(1);
const nameSchema = z.string().regex(/^[\x21-\x7e]{1,256}$/);
const nameAllowed = '1 to 256 visible characters of ASCII';
const fileAllowed = 'a file, or none';
const addresses =
  /^(?:none|(?:grpcs:\/\/)?[^\s,/:]+:\d{1,5}(?:,(?:grpcs:\/\/)?[^\s,/:]+:\d{1,5})*)$/;
const plaintexts = ['loopback', 'behind-proxy'] as const;
const mebibyte = 1_048_576;
const [memoryLeast, memoryMost] = [limits.memoryBytesMin, limits.memoryBytesMax].map(
  (bytes) => `${bytes / mebibyte}MiB`,
);
const switches = ['off', 'on'] as const;
const emailCases = ['keep', 'fold'] as const;
const listSchema = z.string().min(1);
const roles = ['alone', 'origin', 'follower'] as const;
const followerWrites = ['forward', 'refuse'] as const;
const logLevels = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

function isOriginList(text: string): boolean {
  if (text === 'none' || text === '*') return true;
  return text
    .split(',')
    .every((origin) => URL.canParse(origin) && new URL(origin).origin === origin);
}

function isAddressList(text: string): boolean {
  return text === 'none' || text.split(',').every((address) => isIP(address) !== 0);
}

/** What each setting may be, in the words of its refusal and of docs/reference/settings.md. */
export const settingDefinitions = {
  dataDir: { schema: z.string().min(1), default: './data', allowed: 'a folder' },
  host: { schema: z.string().min(1), default: '127.0.0.1', allowed: 'an address to listen on' },
  httpPort: { schema: portSchema, default: 8080, allowed: portAllowed },
  httpCertFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  httpKeyFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  grpcHost: { schema: z.string().min(1), default: '127.0.0.1', allowed: 'an address to listen on' },
  grpcPort: {
    schema: z.union([portSchema, z.literal('none')]),
    default: 50_051,
    allowed: `${portAllowed}; none for no gRPC`,
  },
  plaintext: {
    schema: z.enum(plaintexts),
    default: 'loopback',
    allowed: `one of ${plaintexts.join(', ')}`,
  },
  grpcCertFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  grpcKeyFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  grpcClientCaFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  accessDir: {
    schema: z.string().min(1),
    default: 'auto',
    allowed: 'a folder; auto for access in the data folder',
  },
  auditDir: {
    schema: z.string().min(1),
    default: 'auto',
    allowed: 'a folder; auto for audit in the data folder',
  },
  tokenJwksFile: {
    schema: z.string().min(1),
    default: 'auto',
    allowed: 'a file; auto for token-issuers.json beside the API keys',
  },
  tokenIssuer: { schema: nameSchema, default: 'member-backend', allowed: nameAllowed },
  tokenAudience: { schema: nameSchema, default: 'caini', allowed: nameAllowed },
  apiKey: {
    schema: z.string().min(1),
    default: 'none',
    allowed: 'a key of caini keys create, or none',
    isSecret: true,
  },
  sharedAddresses: {
    schema: z.string().refine(isAddressList),
    default: 'none',
    allowed: 'IP addresses with commas, or none',
  },
  ...clientSettings,
  timeZone: {
    schema: timeZoneSchema,
    default: 'Asia/Shanghai',
    allowed: 'an IANA time zone such as Asia/Shanghai',
  },
  anonymousMemberIds: {
    schema: listSchema,
    default: 'none',
    allowed: 'ids with commas, !ID takes one out; none for no more',
  },
  allowedIds: { schema: listSchema, default: 'none', allowed: 'ids with commas, or none' },
  emailCase: {
    schema: z.enum(emailCases),
    default: 'keep',
    allowed: `one of ${emailCases.join(', ')}`,
  },
  lenient: { schema: z.enum(switches), default: 'off', allowed: `one of ${switches.join(', ')}` },
  corsOrigins: {
    schema: z.string().refine(isOriginList),
    default: 'none',
    allowed: 'origins such as https://shop.example with commas, * for all, or none',
  },
  publicHosts: {
    schema: z.string().regex(/^(?:none|[a-z\d.-]+(?:,[a-z\d.-]+)*)$/i),
    default: 'none',
    allowed: 'names such as caini.shop.example with commas, or none',
  },
  halfLifeDays: { schema: daysSchema, default: 60, allowed: daysAllowed },
  popularityHalfLifeDays: { schema: daysSchema, default: 30, allowed: daysAllowed },
  retentionDays: { schema: daysSchema, default: 'none', allowed: daysAllowed },
  itemRoles: {
    schema: z.string().min(1),
    default: 'shipped',
    allowed: 'a file, shipped, or none',
  },
  barcodePatterns: {
    schema: barcodePatternsSchema,
    default: 'none',
    allowed: 'patterns such as 2IIIIIIWWWWWC with commas, or none',
  },
  memoryMax: {
    schema: z
      .string()
      .regex(/^(?:auto|[1-9]\d{0,4}(?:MiB|GiB))$/)
      .refine(isMemory),
    default: 'auto',
    allowed: `auto, or from ${memoryLeast} to ${memoryMost}, e.g. 512MiB or 2GiB`,
  },
  role: {
    schema: z.enum(roles),
    default: 'alone',
    allowed: `one of ${roles.join(', ')}`,
  },
  nodeName: {
    schema: z.string().regex(originName),
    default: 'none',
    allowed: '1 to 32 of a-z, 0-9 and -; none for the default',
  },
  origin: {
    schema: z.string().regex(addresses),
    default: 'none',
    allowed: 'host:port or grpcs://host:port, several with commas, or none',
  },
  nodeSecret: {
    schema: z.string().min(16),
    default: 'none',
    allowed: '16 characters or more',
    isSecret: true,
  },
  nodeSecretFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  nodeCaFile: { schema: fileSchema, default: 'none', allowed: fileAllowed },
  redis: {
    schema: z.string().regex(/^(?:none|rediss?:\/\/.+)$/),
    default: 'none',
    allowed: 'redis://host:port or rediss://host:port, or none',
    // A password may stand in it.
    isSecret: true,
  },
  followerWrites: {
    schema: z.enum(followerWrites),
    default: 'forward',
    allowed: `one of ${followerWrites.join(', ')}`,
  },
  followers: { schema: z.int().min(0).max(64), default: 0, allowed: 'an integer from 0 to 64' },
  logLevel: {
    schema: z.enum(logLevels),
    default: 'info',
    allowed: `one of ${logLevels.join(', ')}`,
  },
} as const;

/** Of `512MiB` or `2GiB`. */
export function bytesOf(memory: string): number {
  return Number.parseInt(memory, 10) * mebibyte * (memory.endsWith('GiB') ? 1_024 : 1);
}

function isMemory(memory: string): boolean {
  if (memory === 'auto') return true;
  const bytes = bytesOf(memory);
  return bytes >= limits.memoryBytesMin && bytes <= limits.memoryBytesMax;
}
