// The rules of the house that a machine can check, each with a sample that proves it can fail.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { limits } from '../engine/index.ts';
import { clusterLimits } from '../server/cluster/limits.ts';
import { doorLimits } from '../server/limits.ts';
import { trailLimits } from '../server/trail/limits.ts';
import { makeTemporaryFolder } from './support/folders.ts';
import * as dialect from './support/tidy/dialect.ts';
import {
  circularImports,
  floorViolations,
  siblingViolations,
  unknownRooms,
} from './support/tidy/floors.ts';
import { hostViolations } from './support/tidy/host.ts';
import { flatLimits, limitsPage } from './support/tidy/limits-page.ts';
import * as packaging from './support/tidy/packaging.ts';
import * as shape from './support/tidy/shape.ts';
import { readTree, type TreeFile, type Violations } from './support/tidy/tree.ts';
import * as words from './support/tidy/words.ts';

const root = join(import.meta.dirname, '..');
const tree = readTree(root);

/** Small trees, each with exactly one breach of the rule under test. */
type Sample = Readonly<Record<string, string>>;

interface Rule {
  readonly name: string;
  readonly find: (files: readonly TreeFile[]) => Violations;
  readonly badSamples: readonly Sample[];
  readonly goodSamples?: readonly Sample[];
}

const asFiles = (sample: Sample): TreeFile[] =>
  Object.entries(sample).map(([path, text]) => ({ path, text }));

function rule({ name, find, badSamples, goodSamples = [] }: Rule): void {
  test(name, () => {
    for (const sample of badSamples) expect(find(asFiles(sample)), 'bad sample').toHaveLength(1);
    for (const sample of goodSamples) expect(find(asFiles(sample)), 'good sample').toEqual([]);
    expect(find(tree)).toEqual([]);
  });
}

test('the tree that is checked is the whole tree', () => {
  const paths = tree.map(({ path }) => path);
  expect(paths).toEqual(expect.arrayContaining(['package.json', 'engine/index.ts', 'README.md']));
  expect(paths.filter((path) => /^(node_modules|dist|data)\//.test(path))).toEqual([]);
});

rule({
  name: 'imports go down the floors, and into the engine only by its door',
  find: floorViolations,
  badSamples: [
    { 'engine/base/a.ts': `import { b } from '../store/b.ts';` },
    { 'engine/store/a.ts': `import { b } from '../kernel/b.ts';` },
    { 'engine/log/a.ts': `import type { B } from '../counting/b.ts';` },
    { 'engine/log/a.ts': `import { b } from '../kernel/b.ts';` },
    { 'engine/serve/a.ts': `import { b } from '../log/log.ts';` },
    { 'engine/counting/a.ts': `export * from '../serve/b.ts';` },
    { 'engine/counting/a.ts': `const b = await import('../engine.ts');` },
    { 'engine/jobs/a.ts': `import { b } from '../../server/config.ts';` },
    { 'engine/jobs/a.ts': `import type { Engine } from '../engine.ts';` },
    { 'engine/jobs/a.ts': `import type { B } from '../ports/b.ts';` },
    { 'engine/counting/a.test.ts': `import { b } from '../serve/b.ts';` },
    { 'server/http/a.ts': `import { b } from '../../engine/base/limits.ts';` },
    { 'server/http/a.ts': `import { b } from '../grpc/b.ts';` },
    { 'server/operations.ts': `import { b } from './http/b.ts';` },
    { 'server/serve.ts': `import { b } from './http/b.ts';` },
    { 'server/config.ts': `type B = import('../engine/engine.ts').Engine;` },
    { 'bench/a.ts': `new Worker(new URL('../engine/log/log.js', import.meta.url));` },
    { 'tests/a.test.ts': `import { b } from '../engine/counting/counts.ts';` },
    { 'assembly/a.ts': `import { b } from '../engine/base/limits';` },
  ],
  goodSamples: [
    { 'engine/events/a.ts': `import { Item } from '../catalogue/shapes.ts';` },
    { 'engine/counting/a.test.ts': `import { b } from '../../tests/support/folders.ts';` },
    { 'server/cli/a.ts': `import { b } from '../../engine/index.ts';\nimport fs from 'node:fs';` },
  ],
});

rule({
  name: 'every room stands on a floor',
  find: unknownRooms,
  badSamples: [{ 'engine/attic/a.ts': '' }, { 'cellar/a.ts': '' }, { 'server/soap/a.ts': '' }],
  goodSamples: [{ 'engine/engine.ts': '', 'vitest.config.ts': '' }],
});

const players: Sample = {
  'engine/serve/rules.ts': `import { reasons } from './reasons.ts';`,
  'engine/serve/reasons.ts': `import { words } from './words.ts';`,
  'engine/serve/words.ts': '',
};
rule({
  name: 'only the conductor of a room uses players that use others',
  find: siblingViolations,
  badSamples: [
    { ...players, 'engine/serve/diversify.ts': `import { rules } from './rules.ts';` },
    { ...players, 'engine/serve/scenarios/popular.ts': `import { rules } from '../rules.ts';` },
  ],
  goodSamples: [
    { ...players, 'engine/serve/pipeline.ts': `import { rules } from './rules.ts';` },
    { ...players, 'engine/serve/explain.ts': `import type { Rules } from './rules.ts';` },
    { ...players, 'engine/serve/explain.ts': `import { reasons } from './reasons.ts';` },
  ],
});

rule({
  name: 'no imports run in a circle',
  find: circularImports,
  badSamples: [
    { 'assembly/a.ts': `import { b } from './b';`, 'assembly/b.ts': `import { a } from './a';` },
    {
      'bench/a.ts': `import { b } from './b.ts';`,
      'bench/b.ts': `import type { A } from './a.ts';`,
    },
    {
      'server/a.ts': `import type { B } from './b.ts';`,
      'server/b.ts': `type A = import('./a.ts').A;`,
    },
  ],
  goodSamples: [
    {
      'bench/a.ts': `import { b } from './b.ts';\nimport { c } from './c.ts';`,
      'bench/b.ts': `import type { C } from './c.ts';`,
      'bench/c.ts': '',
    },
  ],
});

rule({
  name: 'no file has more than 400 lines',
  find: shape.longFileViolations,
  badSamples: [{ 'engine/a.ts': '// Long.\n'.repeat(401) }],
  goodSamples: [{ 'engine/a.ts': '// Long.\n'.repeat(400), 'docs/a.md': '\n'.repeat(999) }],
});

const longBody = `{\n${'  f();\n'.repeat(70)}}`;
rule({
  name: 'no function has more than 70 lines',
  find: shape.longFunctionViolations,
  badSamples: [
    { 'engine/a.ts': `function a() ${longBody}` },
    { 'server/a.ts': `const a = () => ${longBody};` },
    { 'server/a.ts': `class A { b() ${longBody} }` },
    { 'tests/a.test.ts': `test('a', () => ${longBody});` },
  ],
  goodSamples: [
    { 'assembly/a.ts': `function a(): void ${longBody}` },
    { 'tests/a.test.ts': `describe('a', () => ${longBody});` },
  ],
});

rule({
  name: 'no line of code has more than 100 characters',
  find: shape.wideLineViolations,
  badSamples: [{ 'engine/a.ts': `//${' '.repeat(99)}` }],
  goodSamples: [{ 'engine/a.ts': `//${'猜'.repeat(98)}` }],
});

rule({
  name: 'the first line of a file says what it owns',
  find: shape.firstLineViolations,
  badSamples: [{ 'engine/a.ts': `import 'x';\n// Late.` }, { 'engine/a.ts': '//\n' }],
  goodSamples: [{ 'server/a.ts': '#!/usr/bin/env node\n// The command line.' }],
});

rule({
  name: 'exports have names',
  find: shape.defaultExportViolations,
  badSamples: [
    { 'engine/a.ts': 'export default 1;' },
    { 'engine/a.ts': 'export default function a() {}' },
    { 'engine/a.ts': 'const a = 1; export { a as default };' },
  ],
  goodSamples: [{ 'vitest.config.ts': 'export default {};', 'engine/a.ts': 'export const a = 1;' }],
});

rule({
  name: 'no test is silenced without a reason',
  find: shape.silencedTestViolations,
  badSamples: [
    { 'engine/a.test.ts': `test.${'only'}('a', () => {});` },
    { 'engine/a.test.ts': `describe.${'skip'}('a', () => {});` },
    { 'tests/a.test.ts': `test.${'skipIf'}(slow)('a', () => {});` },
    { 'tests/a.test.ts': `test('a', (context) => context.${'skip'}());` },
  ],
  goodSamples: [
    { 'tests/a.test.ts': `// There is no compiler here.\ntest.skipIf(slow)('a', () => {});` },
    { 'tests/a.test.ts': `test.skipIf(slow)('a (skipped without a compiler)', () => {});` },
    { 'tests/a.test.ts': `test('a', (context) => context.skip('no compiler'));` },
  ],
});

rule({
  name: 'things have the names of the glossary',
  find: words.foreignNounViolations,
  badSamples: [
    { 'engine/a.ts': 'const userId = 1;' },
    { 'server/a.ts': 'interface A { readonly SKU: string }' },
    { 'assembly/a.ts': 'function countProducts(): void {}' },
    { 'bench/a.ts': 'const f = (bestCustomer: string) => f;' },
  ],
  goodSamples: [{ 'bench/a.ts': `const dotProduct = process.cpuUsage().user; // "CustomerID"` }],
});

rule({
  name: 'things have the terms of the field, and no private dialect',
  find: dialect.dialectNameViolations,
  badSamples: [
    { 'engine/a.ts': 'const told = 1;' },
    { 'server/a.ts': 'interface A { readonly flawsMax: number }' },
    { 'server/a.ts': 'class A { giveBackTo(): void {} }' },
    { 'engine/a.ts': 'class A { noteChange(): void {} }' },
    { 'assembly/a.ts': 'function judgeKnown(): void {}' },
  ],
  goodSamples: [{ 'engine/a.ts': 'const text = "told"; const handle = 1; const given = 2;' }],
});

rule({
  name: 'and so do comments',
  find: dialect.dialectCommentViolations,
  badSamples: [
    { 'engine/a.ts': '// Judges it.' },
    { 'engine/a.ts': "/**\n * A card that is nobody's.\n */" },
    { 'assembly/a.ts': '/** What was foreseen. */' },
  ],
  goodSamples: [{ 'engine/a.ts': `// Half-lives; of nobody's concern.\nconst a = 'the judge';` }],
});

rule({
  name: 'code does not speak of work to come',
  find: words.laterWorkViolations,
  badSamples: [
    ['// TO', 'DO'],
    ['// FIX', 'ME: slow'],
    ['// Good for', ' now.'],
    ["throw new Error('Not", " implemented');"],
    ['const place', 'holder = 1;'],
  ].map((pieces) => ({ 'engine/a.ts': pieces.join('') })),
  goodSamples: [{ 'engine/a.ts': `const code = 'UNIMPLEMENTED'; // as of now, for nowhere` }],
});

rule({
  name: 'no file names a folder of one machine',
  find: words.machinePathViolations,
  badSamples: ['home', 'root', 'tmp', 'work'].map((name) => ({
    'docs/a.md': `see /${name}/ann/x`,
  })),
  goodSamples: [{ 'README.md': 'see ./data/, ../work/x and ~/work/' }],
});

rule({
  name: 'no file names a package registry',
  find: packaging.registryViolations,
  badSamples: [
    { '.npmrc': `registry=https://${'registry'}.example.org/` },
    { 'package-lock.json': `"resolved": "${'http'}://packages.example/a.tgz"` },
  ],
});

rule({
  name: 'versions of dependencies are pinned',
  find: packaging.looseVersionViolations,
  badSamples: ['^1.0.0', '~1.0.0', 'latest', '1.x'].map((version) => ({
    'package.json': JSON.stringify({
      dependencies: { a: version },
      devDependencies: { b: '1.0.0' },
    }),
  })),
  goodSamples: [{ 'package.json': '{"dependencies":{"a":"1.0.0-rc.1"}}' }],
});

rule({
  name: 'the lock file holds the packages of every platform, so that npm ci accepts it',
  find: packaging.incompleteLockViolations,
  badSamples: [
    { 'package-lock.json': '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1"}}}}' },
  ],
  goodSamples: [
    {
      'package-lock.json':
        '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1"}},"node_modules/b":{}}}',
    },
  ],
});

rule({
  name: 'the engine asks the host for nothing but through base/',
  find: hostViolations,
  badSamples: ['Math.random()', 'Date.now()', 'new Date()', 'process.env', 'console.log(1)'].map(
    (asked) => ({ 'engine/counting/a.ts': `export const a = ${asked};` }),
  ),
  goodSamples: [
    { 'engine/base/clock.ts': 'export const a = Date.now();' },
    { 'engine/counting/a.ts': 'export const a = new Date(0); // Date.now()' },
  ],
});

/** What `npm run check` asks knip of the whole tree, asked of a small one; the lines it prints. */
async function knipOf(sample: Sample, ...options: string[]): Promise<string> {
  const folder = await makeTemporaryFolder('knip');
  try {
    const { knip } = JSON.parse(tree.find(({ path }) => path === 'package.json')!.text);
    const files = { 'package.json': JSON.stringify({ name: 'sample', knip }), ...sample };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder.path, path)), { recursive: true });
      writeFileSync(join(folder.path, path), text);
    }
    const program = join(root, 'node_modules/knip/bin/knip.js');
    const asked = [program, '--no-config-hints', '--directory', folder.path, ...options];
    return spawnSync(process.execPath, asked, { encoding: 'utf8' }).stdout;
  } finally {
    await folder.remove();
  }
}

test('knip, which `check` runs, finds files that no entry point reaches', async () => {
  const sample = {
    'engine/index.ts': `export * from './used.ts';`,
    'engine/used.ts': 'export const used = 1;',
    'engine/counting/dead.ts': '',
    'assembly/index.ts': `export * from './a';`,
    'assembly/a.ts': 'export const a = 1;',
    'assembly/b.ts': '',
    'server/cli/main.ts': `fork(new URL('../check.ts', import.meta.url));`,
    'server/check.ts': `import type { A } from './a.ts';`,
    'server/a.ts': 'export interface A {}',
    'server/only-tested.ts': '',
    'server/only-tested.test.ts': `import './only-tested.ts';`,
  };
  const found = await knipOf(sample, '--production', '--include', 'files');
  const files = found.split('\n').map((line) => line.trim());
  expect(files.filter((line) => line.endsWith('.ts'))).toEqual([
    'assembly/b.ts',
    'engine/counting/dead.ts',
    'server/only-tested.ts',
  ]);
});

test('and exported values that nobody imports', async () => {
  const values = 'export const half = () => 1;\nexport class Spare {}\nexport interface Shape {}';
  const found = await knipOf(
    {
      'engine/index.ts': `import { half as other } from './half.ts';\nother();`,
      'engine/half.ts': values,
      'server/cli/main.ts': `import * as all from '../all.ts';\nall.one();`,
      'server/all.ts': 'export const one = () => 1;',
    },
    '--include',
    'exports',
  );
  expect(found).toContain('Spare');
  expect(found).not.toMatch(/half {2}|Shape|one {2}/);
});

test('docs/reference/limits.md lists every limit with its value', async () => {
  const fileOf = (path: string): TreeFile => tree.find((file) => file.path === path)!;
  const sections = [
    { title: 'The engine', source: fileOf('engine/base/limits.ts'), values: limits },
    { title: 'The doors', source: fileOf('server/limits.ts'), values: doorLimits },
    { title: 'Between nodes', source: fileOf('server/cluster/limits.ts'), values: clusterLimits },
    { title: 'The audit trail', source: fileOf('server/trail/limits.ts'), values: trailLimits },
  ];
  const page = limitsPage(sections);
  for (const { values } of sections) {
    for (const [key, value] of flatLimits(values)) {
      expect(page).toMatch(new RegExp(`\`${key}\` +\\| ${value.toLocaleString('en-US')} `));
    }
  }
  await expect(page).toMatchFileSnapshot(join(root, 'docs/reference/limits.md'));
});
