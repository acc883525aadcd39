// The settings of the program, from the environment, a file and the command line.
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { createIdRules, EngineError, type IdSettings } from '../engine/index.ts';
import { editDistance } from './edit-distance.ts';
import { itemRolesOf } from './item-roles.ts';
import { readJson } from './json.ts';
import type { InputRules } from './operations/input-rules.ts';
import { quoteValue } from './quote-value.ts';
import {
  bytesOf,
  daysAllowed,
  type daysSchema,
  settingDefinitions,
} from './setting-definitions.ts';

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
