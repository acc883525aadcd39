// The documentation: derived from the table, and complete without the internet.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';
import { operations } from '../operations.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

test('every operation is described, and every reference leads somewhere', async () => {
  const { json, text } = await loopback.get('/openapi.json');
  expect(json.openapi).toBe('3.1.0');
  for (const { path, method, name } of operations) {
    expect(json.paths[path][method.toLowerCase()].operationId).toBe(name);
  }
  const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
  expect(references.length).toBeGreaterThan(20);
  for (const reference of new Set(references)) {
    const [, kind = '', name = ''] = /^#\/components\/(\w+)\/(\w+)$/.exec(reference ?? '') ?? [];
    expect(json.components[kind]?.[name], reference).toBeDefined();
  }
});

test('says of each operation whether a key opens it, a token too, or nobody is asked', async () => {
  const { json } = await loopback.get('/openapi.json');
  const schemesOf = (name: string) => {
    const { path, method } = operations.find((operation) => operation.name === name)!;
    const { security } = json.paths[path][method.toLowerCase()];
    return security.flatMap((each: object) => Object.keys(each));
  };
  const keys = ['bearer', 'apiKey'];
  expect(schemesOf('recommendForMember')).toEqual([...keys, 'memberToken']);
  expect(schemesOf('listItems')).toEqual([...keys, 'memberToken']);
  for (const name of ['eraseMember', 'mergeMembers', 'ingestPurchases', 'checkpoint']) {
    expect(schemesOf(name), name).toEqual(keys);
  }
  expect(schemesOf('readHealth')).toEqual([]);
  expect(Object.keys(json.components.securitySchemes)).toEqual(['bearer', 'memberToken', 'apiKey']);
});

test('names of operations are told once', () => {
  const names = operations.map((operation) => operation.name);
  expect(new Set(names).size).toBe(names.length);
});

test('the page loads nothing from elsewhere, and its policy would not let it', async () => {
  const page = await loopback.get('/docs');
  expect(page.status).toBe(200);
  expect(page.headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self';/);
  expect(page.text).not.toMatch(/https?:|<script>|style=/);
  const sources = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source!);
  expect(sources).toHaveLength(4);
  for (const source of sources) {
    const asset = await loopback.get(source);
    expect([asset.status, asset.text.length > 0], source).toEqual([200, true]);
    expect(asset.headers['x-content-type-options']).toBe('nosniff');
  }
  const start = await loopback.get('/docs/start.js');
  expect(start.text).toContain("url: '/openapi.json'");
  expect(start.text).not.toMatch(/https?:/);
});

test('each document says what a browser may do with it', async () => {
  const paths = ['/docs', '/docs/start.js', '/docs/swagger-ui-bundle.js', '/openapi.json'];
  for (const path of paths) {
    const { headers } = await loopback.get(path);
    expect(headers, path).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
    const policy = String(headers['content-security-policy']).split('; ');
    expect(policy, path).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]),
    );
    expect(policy.join(' '), path).not.toMatch(/unsafe-eval|\*|https?:/);
  }
});

test('the documents are only read', async () => {
  expect((await loopback.send('POST', '/docs', {})).status).toBe(405);
  expect((await loopback.get('/docs/nothing')).status).toBe(404);
});
