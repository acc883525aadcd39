// Settings: where they come from, which wins, and that whatever is wrong is refused by its name.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { makeTemporaryFolder } from '../tests/support/folders.ts';
import {
  environmentName,
  readSecretFile,
  readSettings,
  type SettingName,
  SettingsError,
} from './config.ts';
import { settingDefinitions } from './setting-definitions.ts';

const names = Object.keys(settingDefinitions) as SettingName[];

const folder = await makeTemporaryFolder('settings');
afterAll(folder.remove);

function fileOf(content: unknown): string {
  const path = join(folder.path, 'caini.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without any setting the defaults hold', () => {
  const settings = readSettings({ environment: { PATH: 'x' } });
  for (const name of names) expect(settings[name]).toBe(settingDefinitions[name].default);
});

test('the command line wins over the environment, which wins over the file', () => {
  const path = fileOf({ httpPort: 1, host: 'file', dataDir: 'file' });
  const environment = {
    CAINI_CONFIG: path,
    CAINI_HOST: 'environment',
    CAINI_DATA_DIR: 'environment',
  };
  const settings = readSettings({ environment, options: { dataDir: 'option' } });
  expect(settings).toMatchObject({ httpPort: 1, host: 'environment', dataDir: 'option' });
});

test('half-lives are days or none, in the file and in the environment', () => {
  const path = fileOf({ halfLifeDays: 'none', popularityHalfLifeDays: 7 });
  expect(readSettings({ environment: { CAINI_CONFIG: path } })).toMatchObject({
    halfLifeDays: 'none',
    popularityHalfLifeDays: 7,
  });
  const environment = { CAINI_HALF_LIFE_DAYS: '90', CAINI_POPULARITY_HALF_LIFE_DAYS: 'none' };
  expect(readSettings({ environment })).toMatchObject({
    halfLifeDays: 90,
    popularityHalfLifeDays: 'none',
  });
});

test.each([
  [{ CAINI_HTTP_PROT: '1' }, 'CAINI_HTTP_PROT is not a setting; did you mean CAINI_HTTP_PORT?'],
  [{ CAINI_HTTP_PORT: 'abc' }, 'CAINI_HTTP_PORT is "abc" but must be an integer from 0 to 65535'],
  [{ CAINI_HTTP_PORT: '65536' }, 'CAINI_HTTP_PORT is 65536 but must be'],
  [{ CAINI_HTTP_PORT: '-0' }, 'CAINI_HTTP_PORT is "-0" but must be'],
  [{ CAINI_HTTP_PORT: '' }, 'CAINI_HTTP_PORT is "" but must be'],
  [{ CAINI_HTTP_PORT: '1e3' }, 'CAINI_HTTP_PORT is "1e3" but must be'],
  [{ CAINI_HALF_LIFE_DAYS: '0' }, 'CAINI_HALF_LIFE_DAYS is 0 but must be whole days'],
  [{ CAINI_TIME_ZONE: 'Mars' }, 'CAINI_TIME_ZONE is "Mars" but must be an IANA time zone'],
  [{ CAINI_LOG_LEVEL: 'loud' }, 'CAINI_LOG_LEVEL is "loud" but must be one of silent'],
  [{ CAINI_BARCODE_PATTERNS: '2IIIIIIWWWWWC,99' }, 'barcode pattern "99" must be the digits'],
  [{ CAINI_DATA_DIR: '' }, 'CAINI_DATA_DIR is "" but must be a folder'],
  [{ CAINI_CONFIG: 'nowhere.json' }, 'CAINI_CONFIG names "nowhere.json", which cannot be read'],
])('%j is refused by name', (environment, message) => {
  expect(() => readSettings({ environment })).toThrow(SettingsError);
  expect(() => readSettings({ environment })).toThrow(message);
});

test.each([
  [{ httpProt: 1 }, 'is not a setting; did you mean httpPort?'],
  [{ httpPort: '8080' }, 'is "8080" but must be an integer'],
  [{ CAINI_HTTP_PORT: 1 }, 'is not a setting'],
  ['{"httpPort":1,"httpPort":2}', 'is not one JSON object'],
  ['{"__proto__":{}}', 'is not a setting'],
  ['{"httpPort":', 'cannot be read'],
  ['null', 'is not one JSON object'],
])('a file that holds %j is refused', (content, message) => {
  const environment = { CAINI_CONFIG: fileOf(content) };
  expect(() => readSettings({ environment })).toThrow(SettingsError);
  expect(() => readSettings({ environment })).toThrow(message);
});

test('docs/reference/settings.md tells each setting as it is', () => {
  const page = readFileSync(join(import.meta.dirname, '../docs/reference/settings.md'), 'utf8');
  for (const name of names) {
    const { default: standard, allowed } = settingDefinitions[name];
    const row = `| \`${environmentName(name)}\` | \`${name}\` | \`${standard}\` | ${allowed} |`;
    expect(page).toContain(row);
  }
});

test.each([
  ['CAINI_GRPC_API_KEYS_FILE', 'keys', 'caini keys create --name'],
  ['CAINI_GRPC_PLAINTEXT', 'anywhere', 'CAINI_PLAINTEXT=behind-proxy'],
])('%s, which is gone, is refused with what takes its place', (variable, value, way) => {
  const read = () => readSettings({ environment: { [variable]: value } });
  expect(read).toThrow(SettingsError);
  expect(read).toThrow(`${variable} is no setting any more`);
  expect(read).toThrow(way);
});

const secret = 'hunter2-hunter2';
const withPassword = `http://shop:${secret}@cache.example:6379`;

test.each([
  ['CAINI_NODE_SECRET', 'hunter2', 'is a text of 7 characters, not shown here, but must be 16'],
  ['CAINI_REDIS', withPassword, 'is a text of 46 characters, not shown here, but must be redis://'],
  ['CAINI_ORIGIN', withPassword, 'is "http://…@cache.example:6379" but must be host:port'],
  ['CAINI_TIME_ZONE', `x://a:${secret}@b`, 'is "x://…@b" but must be an IANA time zone'],
])('%s is refused from every source without what it says', (variable, value, words) => {
  const key = variable
    .slice(6)
    .toLowerCase()
    .replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const reported = [
    { environment: { [variable]: value } },
    { environment: { CAINI_CONFIG: fileOf({ [key]: value }) } },
    { environment: {}, options: { [key]: value } },
  ].map(refusalOf);
  for (const message of reported) {
    expect(message).toContain(words);
    expect(message).not.toContain('hunter2');
  }
});

function refusalOf(sources: Parameters<typeof readSettings>[0]): string {
  try {
    readSettings(sources);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

test.each([
  `{"nodeSecret": ${secret}}`,
  `{"nodeSecret": "${secret}}`,
  `{"nodeSecret": "${secret}" "redis": 1}`,
  `{"nodeSecret": 1234567890123456}`,
  `{"nodeSecret": ["${secret}"]}`,
  `nodeSecret=${secret}`,
])('a file with a secret that is no good JSON is refused without it', (content) => {
  const message = refusalOf({ environment: { CAINI_CONFIG: fileOf(content) } });
  expect(message).not.toMatch(/hunter2|123456/);
  expect(message).toMatch(/cannot be read: .* at position \d+$|not shown here|not one JSON object/);
});

test('a file of a secret that cannot be read is not named: it may be the secret', () => {
  for (const path of [secret, `-----BEGIN PRIVATE KEY-----\n${'QUJD'.repeat(400)}`]) {
    const reported = () => readSecretFile('grpcKeyFile', path);
    expect(reported).toThrow(/^CAINI_GRPC_KEY_FILE names a file that cannot be read: [A-Z]+$/);
  }
});
