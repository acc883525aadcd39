// Commands on a folder that holds no chain: refused in one line, and nothing is made there.
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openEngine } from '../../engine/index.ts';
import { withTemporaryFolder } from '../../tests/support/folders.ts';
import { caini, startCaini } from '../../tests/support/program.ts';

/** What there could be where a chain should be. */
const places: Readonly<Record<string, (path: string) => void>> = {
  'a name that nothing has': () => {},
  'an empty folder': (path) => mkdirSync(path),
  'a folder of other things': (path) => {
    mkdirSync(path);
    writeFileSync(join(path, 'notes.txt'), 'mine');
  },
  'a folder with an empty chain in it': (path) =>
    mkdirSync(join(path, 'chain'), { recursive: true }),
  'a folder whose chain has an empty file': (path) => {
    mkdirSync(join(path, 'chain'), { recursive: true });
    writeFileSync(join(path, 'chain/data.mdb'), '');
  },
  'a file': (path) => writeFileSync(path, 'mine'),
};

/** All that open a folder that must be there, or one for each way in which they do. */
function commands(out: string, isAll: boolean): readonly (readonly string[])[] {
  const backup = ['backup', join(out, 'new/backup')];
  const some = [['verify'], ['export', '--out', join(out, 'receipts.csv')], backup];
  return isAll ? [...some, ['erase', 'nobody'], ['compact'], ['expire'], ['export']] : some;
}

/** Every name below a folder, with the content of files. */
function treeOf(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true }).map(String).sort();
  return names.map((name) => {
    const path = join(folder, name);
    return statSync(path).isFile() ? `${name}: ${readFileSync(path)}` : name;
  });
}

test.each(Object.keys(places))('every command refuses %s in one line and makes nothing', (name) =>
  withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'place');
    places[name]!(dataDir);
    const before = treeOf(folder);
    const stderr = `caini: ${dataDir} holds no chain; --data-dir names the data folder of one\n`;
    const refused = { code: 1, stdout: '', stderr };
    const running = commands(folder, name === 'an empty folder').map((options) =>
      startCaini([...options, '--data-dir', dataDir]),
    );
    running.push(startCaini(['verify'], { CAINI_DATA_DIR: dataDir }));
    for (const { ended, child } of running) {
      expect(await ended, child.spawnargs.join(' ')).toEqual(refused);
    }
    expect(treeOf(folder)).toEqual(before);
  }),
);

test('what is no backup and no file of receipts is refused before anything is made', () =>
  withTemporaryFolder(async (folder) => {
    mkdirSync(join(folder, 'empty'));
    const before = treeOf(folder);
    const target = ['--data-dir', join(folder, 'new/data')];
    for (const what of ['empty', 'absent']) {
      const place = join(folder, what);
      for (const command of [
        ['restore', place, ...target],
        ['evaluate', place],
      ]) {
        const { code, stderr } = await caini(...command);
        expect([code, stderr.split('\n').length], command[0]).toEqual([1, 2]);
        expect(treeOf(folder)).toEqual(before);
      }
    }
  }));

test('a chain that a crash left under another name is found', () =>
  withTemporaryFolder(async (folder) => {
    const [dataDir, moved] = [join(folder, 'data'), join(folder, 'moved')];
    await (await openEngine({ dataDir })).close();
    mkdirSync(moved);
    cpSync(join(dataDir, 'erased'), join(moved, 'erased'), { recursive: true });
    cpSync(join(dataDir, 'chain'), join(moved, 'chain.replaced'), { recursive: true });
    expect(await caini('verify', '--data-dir', moved)).toMatchObject({ code: 0 });
    expect(readdirSync(moved).sort()).toEqual(['audit', 'chain', 'erased']);
  }));

test('a refused secret is printed nowhere, by whatever way it comes', () =>
  withTemporaryFolder(async (folder) => {
    const secret = 'hunter2';
    const redis = `http://shop:${secret}@cache`;
    const key = join(folder, 'caini.json');
    writeFileSync(key, `{"nodeSecret": ${secret}}`);
    const pem = `-----BEGIN PRIVATE KEY-----\n${secret}`;
    const grpc = { CAINI_GRPC_CERT_FILE: key, CAINI_GRPC_PORT: '0', CAINI_HTTP_PORT: '0' };
    const starts = [
      startCaini(['serve'], { CAINI_NODE_SECRET: secret }),
      startCaini(['serve'], { CAINI_REDIS: redis }),
      startCaini(['serve'], { CAINI_CONFIG: key }),
      startCaini(['serve', '--redis', redis]),
      startCaini(['serve', `--rediss=${redis}`]),
      startCaini(['serve'], { CAINI_ROLE: 'origin', CAINI_NODE_SECRET_FILE: secret }),
      startCaini(['serve'], { ...grpc, CAINI_GRPC_KEY_FILE: pem }),
      startCaini(['serve'], { ...grpc, CAINI_GRPC_KEY_FILE: key, CAINI_GRPC_API_KEYS_FILE: pem }),
      startCaini(['verify', '--url', `ftp://shop:${secret}@host`]),
      startCaini(['verify', '--url', `http://shop:${secret}@127.0.0.1:1`]),
    ];
    for (const [index, { ended }] of starts.entries()) {
      const { code, stdout, stderr } = await ended;
      expect(code, String(index)).toBeGreaterThan(0);
      expect(stderr.length, String(index)).toBeGreaterThan(10);
      expect(stdout + stderr, String(index)).not.toContain(secret);
    }
  }));
