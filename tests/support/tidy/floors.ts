// The floors of the house: who may import whom, and that only a conductor uses its siblings.
import { importsOf } from './imports.ts';
import { isTypescript, type TreeFile, type Violations } from './tree.ts';

const base = 'engine/base';
const store = 'engine/store';
const kernel = 'engine/kernel';
const log = 'engine/log';
const catalogue = 'engine/catalogue';
const history = 'engine/history';
const events = 'engine/events';
const counting = 'engine/counting';
const ingest = 'engine/ingest';
const replication = 'engine/replication';
const formatOne = 'engine/format-1';
const serve = 'engine/serve';
const jobs = 'engine/jobs';
const ports = 'engine/ports';

/** The rooms from the disk up to what is counted. */
const deriving = [base, store, kernel, log, catalogue, history, events, counting, ingest];

/** What each room may import beside itself. Everything named stands on a lower floor. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  assembly: [],
  [base]: [],
  [store]: [base],
  [kernel]: [base],
  [log]: [base, store],
  [catalogue]: [base, store],
  [history]: [base, store, log],
  [events]: [base, store, log, catalogue, history],
  [counting]: [base, store, kernel, log, catalogue, history, events],
  [ingest]: [base, store, log, catalogue, history, events],
  [serve]: [base, kernel, catalogue, counting],
  [replication]: [base, store, log, catalogue, history, events, counting, ingest],
  [formatOne]: [base, store, log, catalogue, history, events],
  [jobs]: [...deriving, formatOne, replication, serve],
  [ports]: [...deriving, replication, serve, jobs],
  engine: [...deriving, formatOne, replication, serve, jobs, ports],
  'server/demo': [],
  'server/evaluate': [],
  'server/trail': [],
  'server/telemetry': [],
  server: ['server/demo', 'server/trail', 'server/telemetry'],
  'server/cluster': ['server'],
  'server/access': ['server'],
  'server/http': ['server', 'server/cluster', 'server/access', 'server/telemetry'],
  'server/grpc': ['server', 'server/cluster', 'server/access', 'server/trail', 'server/telemetry'],
  'server/cli': [
    'server',
    'server/cluster',
    'server/access',
    'server/trail',
    'server/telemetry',
    'server/http',
    'server/grpc',
    'server/demo',
    'server/evaluate',
  ],
  bench: ['server/http', 'server/demo'],
  /** What a vendor would write: nothing of ours but proto/. */
  examples: [],
  tests: [
    'examples',
    'server',
    'server/cluster',
    'server/access',
    'server/trail',
    'server/telemetry',
    'server/http',
    'server/grpc',
    'server/cli',
    'server/demo',
    'bench',
  ],
};

/** The one door of the engine for whoever is not the engine. */
const engineDoor = 'engine/index.ts';

/** Folders that are a wing of the room above: the parts of its conductor. */
const wings: Readonly<Record<string, string>> = { 'server/operations': 'server' };

/** engine/ and server/ have rooms inside; every other folder is one room. */
export function roomOf(path: string): string {
  const [first = '', second = '', third] = path.split('/');
  if ((first !== 'engine' && first !== 'server') || third === undefined) return first;
  const room = `${first}/${second}`;
  return wings[room] ?? room;
}

function isAllowed(from: string, to: string): boolean {
  const [here, there] = [roomOf(from), roomOf(to)];
  if (here === there) return true;
  if (mayImport[here]?.includes(there)) return true;
  const isTestFile = from.endsWith('.test.ts');
  if (isTestFile && to.startsWith('tests/support/')) return true;
  return to === engineDoor && /^(server|bench|tests)/.test(here);
}

/** Imports that climb, cross to a room beside, or enter the engine past its door. */
export function floorViolations(files: readonly TreeFile[]): Violations {
  return files
    .filter(isTypescript)
    .flatMap(importsOf)
    .flatMap(({ from, to, place }) =>
      to === undefined || isAllowed(from, to)
        ? []
        : [`${place} ${roomOf(from)} must not import ${to}`],
    );
}

/** Rooms that no row of the table knows, whose imports nobody would check. */
export function unknownRooms(files: readonly TreeFile[]): Violations {
  return files
    .filter((file) => isTypescript(file) && file.path.includes('/'))
    .filter(({ path }) => mayImport[roomOf(path)] === undefined)
    .map(({ path }) => `${path} stands in a room that no floor lists`);
}

/** The rooms where the order of steps is the matter, and who holds it. */
const conductors: Readonly<Record<string, string>> = {
  [counting]: 'engine/counting/counts-manager.ts',
  [serve]: 'engine/serve/pipeline.ts',
};

/** How many siblings may stand in a row under a player: a tool, and the words it speaks. */
const playerDepthMax = 2;

/**
 * A player that uses players that use players hides the order of steps from the conductor. Types
 * are words and do not count.
 */
export function siblingViolations(files: readonly TreeFile[]): Violations {
  const players = new Map(files.filter(isPlayer).map((file) => [file.path, siblingsUsed(file)]));
  const depthOf = (path: string, seen: readonly string[] = []): number => {
    if (seen.includes(path)) return 0;
    const below = (players.get(path) ?? []).map(({ to }) => depthOf(to, [...seen, path]));
    return below.length === 0 ? 0 : 1 + Math.max(...below);
  };
  return [...players].flatMap(([path, used]) =>
    used.flatMap(({ to, place }) =>
      path === conductors[roomOf(path)] || depthOf(to) < playerDepthMax
        ? []
        : [`${place} is no conductor, and ${to} is more than a tool`],
    ),
  );
}

function isPlayer({ path }: TreeFile): boolean {
  return conductors[roomOf(path)] !== undefined && /(?<!\.test)\.ts$/.test(path);
}

function siblingsUsed(file: TreeFile): { readonly to: string; readonly place: string }[] {
  return importsOf(file).flatMap(({ to, typeOnly, place }) =>
    to !== undefined && !typeOnly && roomOf(to) === roomOf(file.path) ? [{ to, place }] : [],
  );
}

/**
 * Circles of imports, of types too: which file comes first then depends on who asked, and none of
 * them can be read without the others.
 */
export function circularImports(files: readonly TreeFile[]): Violations {
  const uses = new Map(files.filter(isTypescript).map((file) => [file.path, filesUsed(file)]));
  const done = new Set<string>();
  const circles: Violations = [];
  const walk = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) {
      circles.push(`${[...above.slice(above.indexOf(path)), path].join(' -> ')} is a circle`);
    }
    if (done.has(path)) return;
    done.add(path);
    for (const next of uses.get(path) ?? []) walk(next, [...above, path]);
  };
  for (const path of uses.keys()) walk(path, []);
  return circles;
}

function filesUsed(file: TreeFile): string[] {
  return importsOf(file).flatMap(({ to }) => (to === undefined ? [] : [to]));
}
