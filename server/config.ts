// The settings of the program: one table of what can be set, from the environment, a file and the
// command line.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { z } from 'zod';
import {
  createIdRules,
  EngineError,
  type IdSettings,
  limits,
  originName,
  timeZoneSchema,
} from '../engine/index.ts';
import { barcodePatternsSchema } from './barcode-patterns.ts';
import { clientSettings } from './client-settings.ts';
import { editDistance } from './edit-distance.ts';
import { itemRolesOf } from './item-roles.ts';
import { readJson } from './json.ts';
import type { InputRules } from './operations/input-rules.ts';
import { quoteValue } from './quote-value.ts';

const portSchema = z.int().min(0).max(65_535);
const portAllowed = 'an integer from 0 to 65535; 0 takes any free port';
const daysSchema = z.union([z.int().min(1).max(36_500), z.literal('none')]);
const daysAllowed = 'whole days from 1 to 36500, or none';
const fileSchema = z.string().min(1);
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

/** Settings of earlier versions, and what takes their place. */
const retired: Readonly<Record<string, string>> = {
  grpcApiKeysFile: 'both doors know the keys of: caini keys create --name NAME --scopes SCOPES',
  grpcPlaintext: 'for both doors there is CAINI_PLAINTEXT=behind-proxy',
};

type Definitions = typeof settingDefinitions;
export type SettingName = keyof Definitions;

/** As the schemas give them. */
export type Settings = {
  readonly [Name in SettingName]: z.output<Definitions[Name]['schema']>;
};

/** A setting that is refused, in one line that names it. The program ends with code 2. */
export class SettingsError extends Error {}

export interface SettingsSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the command line set; it wins over the environment, which wins over the file. */
  readonly options?: Readonly<Partial<Record<SettingName, string>>>;
}

/** Reads the file named by CAINI_CONFIG too. Throws SettingsError. */
export function readSettings({ environment, options = {} }: SettingsSources): Settings {
  const file = environment['CAINI_CONFIG'];
  const merged: Record<string, unknown> = {};
  for (const name of settingNames) merged[name] = settingDefinitions[name].default;
  if (file !== undefined) Object.assign(merged, readSettingsFile(file));
  Object.assign(merged, readEnvironment(environment), readOptions(options));
  // Each was parsed by its own schema, or is its default.
  return merged as Settings;
}

/** The environment variable of a setting: `httpPort` is CAINI_HTTP_PORT. */
export function environmentName(name: SettingName): string {
  return variableOf(name);
}

function variableOf(name: string): string {
  return `CAINI_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** What the engine opens with. Throws INVALID_ARGUMENT for a file of item roles that is none. */
export function engineSettings(settings: Settings) {
  const { dataDir, timeZone, retentionDays } = settings;
  return {
    itemRoles: itemRolesOf(settings.itemRoles),
    barcodePatterns: listOf(settings.barcodePatterns),
    dataDir,
    timeZone,
    anonymousMemberIds: idSettings(settings).anonymous,
    halfLifeDays: daysOrNull(settings.halfLifeDays),
    popularityHalfLifeDays: daysOrNull(settings.popularityHalfLifeDays),
    retentionDays: daysOrNull(retentionDays) ?? undefined,
    memoryMaxBytes: settings.memoryMax === 'auto' ? undefined : bytesOf(settings.memoryMax),
  };
}

/** What ids mean, at every door and in files. */
export function idSettings(settings: Settings): IdSettings & { readonly anonymous: string[] } {
  const allowed = listOf(settings.allowedIds);
  return {
    anonymous: [...listOf(settings.anonymousMemberIds), ...allowed.map((id) => `!${id}`)],
    allowed,
    foldsEmails: settings.emailCase === 'fold',
  };
}

/** What is made of what is sent to the doors. */
export function inputRules(settings: Settings): InputRules {
  const isLenient = settings.lenient === 'on';
  return { ids: createIdRules(idSettings(settings)), isLenient };
}

/** Undefined for a setting that was left at `none`. */
export function unlessNone(setting: string): string | undefined {
  return setting === 'none' ? undefined : setting;
}

/** Of `512MiB` or `2GiB`. */
function bytesOf(memory: string): number {
  return Number.parseInt(memory, 10) * mebibyte * (memory.endsWith('GiB') ? 1_024 : 1);
}

function isMemory(memory: string): boolean {
  if (memory === 'auto') return true;
  const bytes = bytesOf(memory);
  return bytes >= limits.memoryBytesMin && bytes <= limits.memoryBytesMax;
}

/** Of what was left at `none`, nothing. */
export function listOf(setting: string): string[] {
  return (unlessNone(setting)?.split(',') ?? []).map((entry) => entry.trim());
}

/** `none` turns off what a number of days would set. */
function daysOrNull(days: z.output<typeof daysSchema>): number | null {
  return days === 'none' ? null : days;
}

const settingNames = Object.keys(settingDefinitions) as SettingName[];
const nameOfVariable = new Map(settingNames.map((name) => [environmentName(name), name]));
const variables = [...nameOfVariable.keys(), 'CAINI_CONFIG'];

function readEnvironment(environment: SettingsSources['environment']): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('CAINI_') || text === undefined) continue;
    if (variable === 'CAINI_CONFIG') continue;
    const name = nameOfVariable.get(variable);
    if (name === undefined) throw unknownName(variable, variables);
    read[name] = readText(name, variable, text);
  }
  return read;
}

function readOptions(options: Readonly<Record<string, string | undefined>>) {
  const read: Record<string, unknown> = {};
  for (const name of settingNames) {
    const text = options[name];
    if (text === undefined) continue;
    const option = `--${environmentName(name).slice(6).toLowerCase().replaceAll('_', '-')}`;
    read[name] = readText(name, option, text);
  }
  return read;
}

/** Numbers come as text from the environment; only plainly written ones are taken for numbers. */
function readText(name: SettingName, shownName: string, text: string): unknown {
  const { default: standard, allowed } = settingDefinitions[name];
  const wantsNumber = typeof standard === 'number' || allowed === daysAllowed;
  const value = wantsNumber && /^(?:0|[1-9]\d{0,9})$/.test(text) ? Number(text) : text;
  return checked(name, shownName, value);
}

function checked(name: SettingName, shownName: string, value: unknown): unknown {
  const { schema, allowed } = settingDefinitions[name];
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const why = issue?.code === 'custom' && issue.params?.['why'];
  const must = `but must be ${allowed}${why ? `: ${why}` : ''}`;
  throw new SettingsError(`${shownName} is ${quoteSetting(name, value)} ${must}`);
}

/** What is refused is shown, but not what nobody may read over a shoulder or in a log. */
function quoteSetting(name: SettingName, value: unknown): string {
  if (!('isSecret' in settingDefinitions[name])) {
    return quoteValue(typeof value === 'string' ? withoutCredentials(value) : value);
  }
  const what = typeof value === 'string' ? `a text of ${value.length} characters` : typeof value;
  return `${what}, not shown here,`;
}

/** An address without the name and password that may stand before its host. */
export function withoutCredentials(address: string): string {
  return address.replaceAll(/\/\/[^/\s]*@/g, '//…@');
}

/**
 * The content of a file that holds a secret. Its name is not shown either: it may be the secret
 * itself, given in the wrong place. Throws SettingsError.
 */
export function readSecretFile(name: SettingName, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new SettingsError(`${environmentName(name)} names a file that cannot be read: ${code}`);
  }
}

function readSettingsFile(path: string): Record<string, unknown> {
  const content = readFileContent(path);
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(content)) {
    const name = settingNames.find((known) => known === key);
    if (name === undefined) throw unknownName(key, settingNames, ` in ${quoteValue(path)}`);
    read[name] = checked(name, `${key} in ${quoteValue(path)}`, value);
  }
  return read;
}

function readFileContent(path: string): object {
  try {
    const { value, parseIssues } = readJson(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null && parseIssues.length === 0) return value;
  } catch (error) {
    if (error instanceof EngineError || (error as NodeJS.ErrnoException).code !== undefined) {
      // Where it is no JSON, what stands there may be a secret.
      const message = (error as Error).message.replace(/, found .*$/s, '');
      throw new SettingsError(
        `CAINI_CONFIG names ${quoteValue(path)}, which cannot be read: ${message}`,
      );
    }
    throw error;
  }
  throw new SettingsError(`CAINI_CONFIG names ${quoteValue(path)}, which is not one JSON object`);
}

function unknownName(given: string, known: readonly string[], where = ''): SettingsError {
  const gone = Object.keys(retired).find((name) => given === name || given === variableOf(name));
  if (gone !== undefined) {
    return new SettingsError(`${given}${where} is no setting any more; ${retired[gone]}`);
  }
  const nearest = known
    .map((name) => ({ name, distance: editDistance(given, name) }))
    .reduce((one, other) => (other.distance < one.distance ? other : one));
  const name = /^\w{1,64}$/.test(given) ? given : quoteValue(given);
  return new SettingsError(`${name}${where} is not a setting; did you mean ${nearest.name}?`);
}
