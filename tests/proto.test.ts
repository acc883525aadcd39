// The protocol as vendors meet it: linted, formatted, unbroken since it was last published, and
// whole under proto/.
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { expect, test } from 'vitest';
import { operations } from '../server/operations.ts';
import { withTemporaryFolder } from './support/folders.ts';
import { definition } from './support/till.ts';

const root = join(import.meta.dirname, '..');
const baseline = join(import.meta.dirname, 'support/protocol/baseline.binpb');

/** What buf has to say; empty when all is well. */
async function buf(folder: string, ...options: string[]): Promise<string> {
  const script = join(root, 'node_modules/@bufbuild/buf/bin/buf');
  const output = await promisify(execFile)(process.execPath, [script, ...options], {
    cwd: folder,
  }).catch((error: { stdout: string; stderr: string }) => error);
  return output.stdout + output.stderr;
}

const lint = (folder: string) => buf(folder, 'lint');
const breaking = (folder: string) => buf(folder, 'breaking', 'proto', '--against', baseline);

/** The same checks in a copy of proto/ with one file changed. */
function withChange(
  path: string,
  change: (text: string) => string,
  use: (folder: string) => Promise<string>,
): Promise<string> {
  return withTemporaryFolder(async (folder) => {
    await cp(join(root, 'proto'), join(folder, 'proto'), { recursive: true });
    await cp(join(root, 'buf.yaml'), join(folder, 'buf.yaml'));
    const file = join(folder, 'proto', path);
    const text = await readFile(file, 'utf8');
    expect(change(text)).not.toBe(text);
    await writeFile(file, change(text));
    return use(folder);
  });
}

test('buf finds nothing to lint, and would find a call without a comment', async () => {
  expect(await lint(root)).toBe('');
  const bare = (text: string) => text.replace(/\/\/ HTTP: POST \/v1\/purchases\/.*\n/, '');
  const uncommented = (text: string) =>
    bare(text).replace(/\/\/ Goods of a receipt[^;]*?rpc/, 'rpc');
  expect(await withChange('caini/v1/ingest.proto', uncommented, lint)).toContain('RecordReturn');
});

test('our files are formatted as buf formats them', async () => {
  expect(await buf(root, 'format', '--diff', '--path', 'proto/caini')).toBe('');
});

test('nothing is broken since the baseline, and a number taken away would be', async () => {
  expect(await breaking(root)).toBe('');
  const renumbered = (text: string) => text.replace('int32 for_seq = 1;', 'int32 for_seq = 9;');
  const output = await withChange('caini/v1/checkout.proto', renumbered, breaking);
  expect(output).toContain('for_seq');
});

test('every import lies under proto/, so that any loader works from a checkout', async () => {
  await withChange(
    'caini/v1/checkout.proto',
    (text) => `${text}\n`,
    async (folder) => {
      const includeDirs = [join(folder, 'proto')];
      for (const name of ['caini/v1/checkout', 'google/rpc/status', 'google/rpc/error_details']) {
        expect(Object.keys(loadSync(`${name}.proto`, { includeDirs })).length).toBeGreaterThan(0);
      }
      return '';
    },
  );
});

test('every operation has its call, and every call of one message its operation', () => {
  const calls = Object.entries(definition)
    .filter(([name]) => /^caini\.v1\.\w+Service$/.test(name))
    .flatMap(([name, service]) =>
      Object.values(service as ServiceDefinition).map(({ path }) => ({ name, path })),
    );
  const paths = calls.map(({ path }) => path.replace('/caini.v1.', ''));
  const ofOperations = operations.flatMap(({ rpc }) => (rpc === undefined ? [] : [rpc]));
  expect(paths).toEqual(expect.arrayContaining(ofOperations));
  const streams = ['ScanSession', 'RecordPurchases', 'StreamPurchases'];
  const others = paths.filter(
    (path) =>
      !ofOperations.includes(path as (typeof ofOperations)[0]) &&
      // Between nodes: no operation, and nothing of it over HTTP.
      !path.startsWith('ReplicationService/'),
  );
  expect(others.map((path) => path.split('/')[1]).sort()).toEqual(streams.sort());
});
