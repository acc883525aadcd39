// What package.json and its lock must say, so that the same install works anywhere, next year too.
import { type TreeFile, type Violations, violationsByLine } from './tree.ts';

const registryHost = /\bregistry\.[\w-]+\.\w+|\bnpm[a-z]*mirror\.\w+|"resolved":\s*"http/i;

/** Packages come from wherever the reader's npm gets them. */
export function registryViolations(files: readonly TreeFile[]): Violations {
  return violationsByLine(files, (line) => {
    const host = registryHost.exec(line)?.[0];
    return host === undefined ? undefined : `names the registry ${host}`;
  });
}

type Versions = Readonly<Record<string, string>>;

/** Versions in package.json that could change without a commit. */
export function looseVersionViolations(files: readonly TreeFile[]): Violations {
  return files
    .filter(({ path }) => path === 'package.json')
    .flatMap(({ path, text }) => {
      const { dependencies, devDependencies } = JSON.parse(text) as Record<string, Versions>;
      return Object.entries({ ...dependencies, ...devDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
        .map(([name, version]) => `${path}:1 ${name} is not pinned: ${version}`);
    });
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly optionalDependencies?: Versions }>>;
}

/**
 * Packages for other platforms that the lock names but does not hold. npm leaves them out when a
 * registry does not serve them, and then refuses `npm ci` because the lock is not complete.
 */
export function incompleteLockViolations(files: readonly TreeFile[]): Violations {
  return files
    .filter(({ path }) => path === 'package-lock.json')
    .flatMap(({ path, text }) => {
      const { packages } = JSON.parse(text) as Lock;
      const held = new Set(Object.keys(packages).map((place) => nameOf(place)));
      return Object.values(packages)
        .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
        .filter((name) => !held.has(name))
        .map((name) => `${path}:1 has no entry for the optional package ${name}`);
    });
}

function nameOf(place: string): string {
  return place.split('node_modules/').at(-1) ?? place;
}
