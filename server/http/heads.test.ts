// Bytes of our own on a bare socket: heads that are wrong, late or odd, and how they are answered.
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Loopback, openLoopback } from '../../tests/support/loopback.ts';

let loopback: Loopback;
beforeAll(async () => {
  loopback = await openLoopback();
});
afterAll(() => loopback.close());

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

async function openWith(...options: Parameters<typeof openLoopback>): Promise<Loopback> {
  const own = await openLoopback(...options);
  opened.push(own);
  return own;
}

const crlf = '\r\n';
const get = (target: string, ...headers: string[]) =>
  [`GET ${target} HTTP/1.1`, ...headers, '', ''].join(crlf);
const post = (headers: readonly string[], body = '') =>
  [
    'POST /v1/purchases HTTP/1.1',
    'host: a',
    'content-type: application/json',
    ...headers,
    '',
    body,
  ].join(crlf);

/** The last answer of what came back, as its status, headers and problem. */
function lastAnswer(text: string) {
  const answer = text.split(/(?=HTTP\/1\.1 \d{3} )/).at(-1)!;
  const [head = '', body = ''] = answer.split(`${crlf}${crlf}`);
  const problem = head.includes('application/problem+json') ? JSON.parse(body) : undefined;
  return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), problem };
}

interface BadHead {
  readonly name: string;
  readonly request: string;
  readonly status: number;
  readonly field: string;
}

const twice = ['content-length: 2', 'transfer-encoding: chunked'];
const badHeads: readonly BadHead[] = [
  { name: 'no Host', request: get('/healthz'), status: 400, field: 'host' },
  { name: 'an empty Host', request: get('/healthz', 'host:'), status: 400, field: 'host' },
  { name: 'two Hosts', request: get('/healthz', 'host: a', 'Host: a'), status: 400, field: 'host' },
  { name: 'two words of Host', request: get('/healthz', 'host: a b'), status: 400, field: 'host' },
  { name: 'a name in Host', request: get('/healthz', 'host: ann@a'), status: 400, field: 'host' },
  {
    name: 'HTTP/2.0',
    request: `GET /healthz HTTP/2.0${crlf}${crlf}`,
    status: 505,
    field: 'version',
  },
  {
    name: 'HTTP/1.2',
    request: `GET /healthz HTTP/1.2${crlf}${crlf}`,
    status: 505,
    field: 'version',
  },
  { name: 'HTTP/0.9', request: `GET /healthz${crlf}${crlf}`, status: 505, field: 'version' },
  { name: 'an unknown Expect', request: post(['expect: tea']), status: 417, field: 'expect' },
  { name: 'two lengths', request: post(twice), status: 400, field: 'content-length' },
  {
    name: 'two lengths the other way round',
    request: post(twice.toReversed()),
    status: 400,
    field: 'content-length',
  },
  {
    name: 'lengths that differ',
    request: post(['content-length: 2', 'content-length: 3'], '{}'),
    status: 400,
    field: 'content-length',
  },
  {
    name: 'a negative length',
    request: post(['content-length: -1']),
    status: 400,
    field: 'content-length',
  },
  {
    name: 'an unknown coding',
    request: post(['transfer-encoding: gzip']),
    status: 501,
    field: 'transfer-encoding',
  },
  {
    name: 'an unknown coding inside of chunks',
    request: post(['transfer-encoding: gzip, chunked']),
    status: 501,
    field: 'transfer-encoding',
  },
  {
    name: 'chunks in HTTP/1.0',
    request: post(['transfer-encoding: chunked']).replace('1.1', '1.0'),
    status: 400,
    field: 'transfer-encoding',
  },
  {
    name: 'a chunk that is none',
    request: post(['transfer-encoding: chunked'], `zz${crlf}`),
    status: 400,
    field: 'request',
  },
  {
    name: 'chunk extensions without end',
    request: post(['transfer-encoding: chunked'], `2;${'x'.repeat(20_000)}`),
    status: 413,
    field: 'body',
  },
  {
    name: 'CONNECT',
    request: get('', 'host: b:80').replace('GET ', 'CONNECT b:80'),
    status: 501,
    field: 'method',
  },
  {
    name: 'TRACE',
    request: get('/healthz', 'host: a', 'connection: close').replace('GET', 'TRACE'),
    status: 405,
    field: 'method',
  },
  {
    name: 'an unknown method',
    request: get('/healthz', 'host: a').replace('GET', 'BREW'),
    status: 400,
    field: 'request',
  },
  {
    name: 'a folded header',
    request: get('/', 'host: a', 'x: 1', ' 2'),
    status: 400,
    field: 'request',
  },
  {
    name: 'a preface of HTTP/2',
    request: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    status: 400,
    field: 'request',
  },
  { name: 'TLS', request: '\x16\x03\x01\x00\xa5\x01', status: 400, field: 'request' },
];

describe('a request with', () => {
  test.each(badHeads)('$name is told so, and the connection ends', async (bad) => {
    const { status, head, problem } = lastAnswer(await loopback.raw(bad.request));
    expect([status, problem.errors[0].field]).toEqual([bad.status, bad.field]);
    expect(head).toMatch(/connection: close/);
    expect(problem).toMatchObject({ status, detail: expect.any(String) });
    expect(problem.errors[0]).toMatchObject({
      value: expect.any(String),
      message: expect.any(String),
    });
  });
});

describe('a request that is right, though odd:', () => {
  test.each([
    ['an address of IPv6', get('/healthz', 'host: [::1]:80', 'connection: close')],
    ['HTTP/1.0 without Host', `GET /healthz HTTP/1.0${crlf}${crlf}`],
    ['a whole URL', get('http://b/healthz', 'host: a', 'connection: close')],
    [
      'a body where none is read',
      `${get('/healthz', 'host: a', 'content-length: 2', 'connection: close')}{}`,
    ],
  ])('%s is answered', async (_, request) => {
    expect(lastAnswer(await loopback.raw(request)).status).toBe(200);
  });

  test('an upgrade is not made, and the request is answered as it stands', async () => {
    const asked = get('/healthz', 'host: a', 'upgrade: websocket', 'connection: upgrade, close');
    expect(lastAnswer(await loopback.raw(asked)).status).toBe(200);
  });
});

describe('whoever asks before sending a body', () => {
  const ask = (...headers: string[]) =>
    post(['connection: close', 'expect: 100-continue', ...headers]);

  test('is told to go on when it will be read', async () => {
    const text = await loopback.raw(`${ask('content-length: 2')}{}`);
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 422 /);
  });

  test.each([
    ['too long', ask('content-length: 20000000'), 413],
    ['of another type', ask('content-length: 9').replace('json', 'xml'), 415],
    ['for nobody', ask('content-length: 9').replace('purchases', 'nobody'), 404],
  ])('is not, when it is %s', async (_, request, status) => {
    const text = await loopback.raw(request);
    expect(text).not.toContain('100 Continue');
    expect(lastAnswer(text).status).toBe(status);
  });
});

describe('what cannot be read', () => {
  test('is told after the answer to what came before it', async () => {
    const waits = get('/v1/items/popular?minWatermark=99', 'host: a');
    const text = await loopback.raw(`${waits}NONSENSE${crlf}${crlf}`);
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 503', 'HTTP/1.1 400']);
  });
});

/** All that comes back until the end, on a connection that is written to as we like. */
function dial({ url }: Loopback): { socket: Socket; ended: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // Whoever is cut may hear of it as an error.
  socket.on('error', () => {});
  const ended = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
  return { socket, ended };
}

describe('a connection', () => {
  const timing = { headMsMax: 200, requestMsMax: 600, lookEveryMs: 50 };

  test('that does not finish its head in time is told so and ends', async () => {
    const own = await openWith({}, { timing });
    const { socket, ended } = dial(own);
    socket.write('GET /healthz HTTP/1.1\r\nhost: a\r\n');
    // One header after another keeps nobody waiting for longer.
    const drip = setInterval(() => socket.write('x: y\r\n'), 20);
    const { status, problem } = lastAnswer(await ended);
    clearInterval(drip);
    expect(status).toBe(408);
    expect(problem.errors[0]).toMatchObject({ field: 'request', limit: '200 ms' });
  });

  test('that does not finish its body in time is told so and ends', async () => {
    const own = await openWith({}, { timing });
    const { socket, ended } = dial(own);
    socket.write(post(['content-length: 100000']));
    const drip = setInterval(() => socket.write(' '), 20);
    const { status, problem } = lastAnswer(await ended);
    clearInterval(drip);
    expect(status).toBe(408);
    expect(problem.errors[0]).toMatchObject({ field: 'body', limit: '600 ms' });
  });

  test('that never says anything ends without a word', async () => {
    const own = await openWith({}, { timing });
    expect(await dial(own).ended).toBe('');
  });

  test('ends after so many requests, with the last one answered', async () => {
    const own = await openWith({}, { limits: { requestsPerConnectionMax: 3 } });
    const { socket, ended } = dial(own);
    socket.write(get('/healthz', 'host: a').repeat(3));
    const text = await ended;
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(
      text
        .match(/connection: \S+/gi)
        ?.at(-1)
        ?.toLowerCase(),
    ).toBe('connection: close');
  });

  test('that sends more than 100 requests ahead of their answers is cut', async () => {
    const own = await openWith();
    const waits = get('/v1/items/popular?minWatermark=99', 'host: a');
    const { socket, ended } = dial(own);
    socket.write(waits.repeat(101));
    expect(await ended).toBe('');
    const { text } = await own.get('/metrics');
    expect(text).toContain('caini_cut_total{door="http",reason="TOO_MANY_REQUESTS"} 1\n');
  });

  test('beyond those of one address is told so, and others are served on', async () => {
    const own = await openWith({}, { limits: { httpConnectionsMax: 24 } });
    const first = [dial(own), dial(own), dial(own)];
    for (const { socket } of first) socket.write(get('/healthz', 'host: a'));
    await vi.waitFor(() => expect(first.every(({ socket }) => socket.bytesRead > 0)).toBe(true));
    const { status, head, problem } = lastAnswer(await dial(own).ended);
    expect([status, problem.reason]).toEqual([503, 'TOO_MANY_CONNECTIONS']);
    expect(head).toContain('retry-after: 1');
    first.pop()!.socket.destroy();
    await vi.waitFor(async () => expect((await own.get('/healthz')).status).toBe(200));
    for (const { socket } of first) socket.destroy();
  });
});
