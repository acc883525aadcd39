// The build: kernels (AssemblyScript), the gRPC protocol (buf, ts-proto) and TypeScript into dist/,
// only what is out of date.
//
//   node server/build.mjs           builds what changed; says nothing when nothing did
//   node server/build.mjs --force   builds everything and removes what no source stands for
//
// It decides by content, not by time: a branch switch changes every mtime. An installed package has
// no sources and never runs this. Everything it says goes to stderr, because stdout belongs to the
// command that runs afterwards. Outputs are renamed into place, so nobody ever reads half a file.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const stampFolder = join(dist, '.build');
const kernels = ['debug', 'release'];
const descriptorsPath = 'dist/proto/descriptors.binpb';
const force = process.argv.includes('--force');

/** A lock older than this belongs to a build that hangs or to a process number used again. */
const lockAgeMsMax = 5 * 60_000;

/** Files under `folder` (relative to the root) that end in one of `endings`, in a fixed order. */
function filesUnder(folder, endings) {
  const found = [];
  const entries = fs.existsSync(join(root, folder))
    ? fs.readdirSync(join(root, folder), { withFileTypes: true })
    : [];
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...filesUnder(path, endings));
    else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
  }
  return found.sort();
}

function kernelPart() {
  return {
    name: 'kernels',
    inputs: [
      ...filesUnder('assembly', ['.ts']),
      'asconfig.json',
      'node_modules/assemblyscript/package.json',
    ],
    outputs: kernels.map((kernel) => `dist/kernel/${kernel}.wasm`),
    build: buildKernels,
  };
}

const protocolSettings = ['buf.yaml', 'buf.gen.yaml'];

/** Types and codec of proto/, and its descriptors for server reflection. */
function protocolPart() {
  const sources = filesUnder('proto', ['.proto']);
  return {
    name: 'protocol',
    inputs: [
      ...sources,
      ...protocolSettings,
      'node_modules/@bufbuild/buf/package.json',
      'node_modules/ts-proto/package.json',
      'node_modules/typescript/package.json',
    ],
    outputs: [
      descriptorsPath,
      ...sources
        .filter((path) => !path.startsWith('proto/grpc/'))
        .map((path) => `dist/${path.replace(/\.proto$/, '.js')}`),
    ],
    build: buildProtocol,
  };
}

function typescriptPart() {
  const sources = ['engine', 'server', 'bench']
    .flatMap((folder) => filesUnder(folder, ['.ts']))
    .filter((path) => !path.endsWith('.test.ts'));
  return {
    name: 'TypeScript',
    inputs: [
      ...sources,
      // The types that sources take from the protocol.
      ...filesUnder('proto', ['.proto']),
      ...protocolSettings,
      'tsconfig.json',
      'tsconfig.build.json',
      'package.json',
      'node_modules/typescript/package.json',
    ],
    outputs: sources
      .filter((path) => !path.endsWith('.d.ts'))
      .map((path) => `dist/${path.replace(/\.ts$/, '.js')}`),
    build: buildTypescript,
  };
}

/** One hash over the names and contents of all inputs; a missing file counts as empty. */
function fingerprint(inputs) {
  const hash = createHash('sha256');
  for (const path of inputs) {
    const file = join(root, path);
    const content = fs.existsSync(file) ? fs.readFileSync(file) : '';
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

const stampPath = (part) => join(stampFolder, part.name);

function isCurrent(part) {
  if (!part.outputs.every((path) => fs.existsSync(join(root, path)))) return false;
  if (!fs.existsSync(stampPath(part))) return false;
  return fs.readFileSync(stampPath(part), 'utf8') === fingerprint(part.inputs);
}

function writeAtomically(path, content) {
  fs.mkdirSync(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}.unfinished`;
  fs.writeFileSync(unfinished, content);
  fs.renameSync(unfinished, path);
}

/** The fingerprint is taken before the build: a source saved meanwhile makes the stamp stale. */
async function buildPart(part) {
  const stamp = fingerprint(part.inputs);
  fs.rmSync(stampPath(part), { force: true });
  const succeeded = await part.build(part);
  if (succeeded) writeAtomically(stampPath(part), stamp);
  return succeeded;
}

/** asc writes bindings and types beside each module, so it works in a folder of its own. */
async function buildKernels() {
  const workshop = join(stampFolder, 'kernel');
  fs.rmSync(workshop, { recursive: true, force: true });
  const results = await Promise.all(kernels.map((kernel) => buildKernel(kernel, workshop)));
  if (!results.every(Boolean)) return false;
  fs.mkdirSync(join(dist, 'kernel'), { recursive: true });
  const written = new Set();
  for (const name of fs.readdirSync(workshop)) {
    fs.renameSync(join(workshop, name), join(dist, 'kernel', name));
    written.add(join(dist, 'kernel', name));
  }
  fs.rmdirSync(workshop);
  removeLeftovers('kernel', written);
  return true;
}

function buildKernel(kernel, workshop) {
  const output = relative(root, join(workshop, `${kernel}.wasm`));
  const options = ['--config', 'asconfig.json', '--target', kernel, '--outFile', output];
  return runTool('assemblyscript/bin/asc.js', options);
}

/**
 * A tool through its script, not node_modules/.bin: links may be absent on some file systems.
 * Whether it succeeded.
 */
async function runTool(script, options) {
  const path = join(root, 'node_modules', script);
  const child = spawn(process.execPath, [path, ...options], { cwd: root, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (exitCode) => resolve(exitCode ?? 1));
  });
  return code === 0;
}

/** buf.gen.yaml writes TypeScript into a workshop in dist/.build; it is compiled from there. */
async function buildProtocol() {
  const workshop = join(stampFolder, 'proto');
  fs.rmSync(workshop, { recursive: true, force: true });
  const descriptors = join(workshop, 'descriptors.binpb');
  fs.mkdirSync(workshop, { recursive: true });
  const asSet = ['--as-file-descriptor-set', '--exclude-source-info', '-o', descriptors];
  const generated =
    (await runTool('@bufbuild/buf/bin/buf', ['generate'])) &&
    (await runTool('@bufbuild/buf/bin/buf', ['build', 'proto', ...asSet]));
  if (!generated) return false;
  const { default: ts } = await import('typescript');
  const files = filesUnder(relative(root, workshop), ['.ts']).map((path) => join(root, path));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    declaration: true,
    types: ['node'],
    rootDir: workshop,
    outDir: join(dist, 'proto'),
  });
  const written = emitWhole(ts, program, []);
  if (written === undefined) return false;
  const target = join(root, descriptorsPath);
  writeAtomically(target, fs.readFileSync(descriptors));
  removeLeftovers('proto', written.add(target));
  fs.rmSync(workshop, { recursive: true, force: true });
  return true;
}

/** Does what `tsc -p tsconfig.build.json` does, but renames each file into place. */
async function buildTypescript() {
  const { default: ts } = await import('typescript');
  const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} };
  const config = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.build.json'), {}, host);
  if (config === undefined) throw new Error('tsconfig.build.json cannot be read');
  const program = ts.createProgram(config.fileNames, config.options);
  const written = emitWhole(ts, program, config.errors);
  if (written === undefined) return false;
  for (const folder of ['engine', 'server', 'bench']) removeLeftovers(folder, written);
  const command = join(dist, 'server/cli/main.js');
  if (fs.existsSync(command)) fs.chmodSync(command, 0o755);
  return true;
}

/** The files written, or undefined when there is a problem, which is shown; then none is. */
function emitWhole(ts, program, errors) {
  const written = new Set();
  const writeFile = (path, text) => {
    writeAtomically(path, text);
    written.add(join(path));
  };
  const problems = [...errors, ...ts.getPreEmitDiagnostics(program)];
  if (problems.length === 0) problems.push(...program.emit(undefined, writeFile).diagnostics);
  if (problems.length === 0) return written;
  process.stderr.write(describeProblems(ts, problems));
  return undefined;
}

function describeProblems(ts, problems) {
  const format = process.stderr.isTTY
    ? ts.formatDiagnosticsWithColorAndContext
    : ts.formatDiagnostics;
  return format(ts.sortAndDeduplicateDiagnostics(problems), {
    getCanonicalFileName: (path) => path,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  });
}

/** Removes what a deleted or renamed source left in dist/: it would still run and be packed. */
function removeLeftovers(folder, keep) {
  if (!fs.existsSync(join(dist, folder))) return;
  for (const path of filesUnder(`dist/${folder}`, [''])) {
    if (!keep.has(join(root, path))) fs.rmSync(join(root, path), { force: true });
  }
}

/** True when the lock was taken; false when another living build holds it. */
function tryLock(lock) {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(lock)) removeAbandoned(lock);
    return false;
  }
}

/**
 * By one build at a time, which looks once more: else the second of two that found the lock
 * abandoned would remove that of the first.
 */
function removeAbandoned(lock) {
  const claim = `${lock}.claim`;
  try {
    fs.writeFileSync(claim, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (isAbandoned(claim)) fs.rmSync(claim, { force: true });
    return;
  }
  try {
    if (isAbandoned(lock)) fs.rmSync(lock, { force: true });
  } finally {
    fs.rmSync(claim, { force: true });
  }
}

function isAbandoned(lock) {
  try {
    const holder = Number(fs.readFileSync(lock, 'utf8'));
    const ageMs = Date.now() - fs.statSync(lock).mtimeMs;
    // An empty lock was made a moment ago and its number is not written yet.
    return ageMs > lockAgeMsMax || (holder > 0 && !isAlive(holder));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(processId) {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Builds under the lock; whoever waited looks again, because the other build did the work. */
async function buildOutdated() {
  fs.mkdirSync(stampFolder, { recursive: true });
  const lock = join(stampFolder, 'lock');
  while (!tryLock(lock)) await new Promise((resolve) => setTimeout(resolve, 50));
  try {
    const outdated = parts().filter((part) => force || !isCurrent(part));
    if (outdated.length === 0) return true;
    process.stderr.write(`building ${outdated.map((part) => part.name).join(' and ')}\n`);
    // TypeScript imports what the protocol is made into; asc runs in processes of its own, beside
    // the compilers in this one.
    const kernel = outdated.find(({ name }) => name === 'kernels');
    const rest = outdated.filter((part) => part !== kernel);
    const results = await Promise.all([kernel === undefined || buildPart(kernel), inTurn(rest)]);
    return results.every(Boolean);
  } finally {
    fs.rmSync(lock, { force: true });
  }
}

/** Builds one after another until one fails. */
async function inTurn(outdated) {
  for (const part of outdated) if (!(await buildPart(part))) return false;
  return true;
}

/** A tree without proto/ has no protocol to build. */
function parts() {
  const hasProtocol = fs.existsSync(join(root, 'proto'));
  return [kernelPart(), ...(hasProtocol ? [protocolPart()] : []), typescriptPart()];
}

const everythingIsCurrent = !force && parts().every(isCurrent);
if (!everythingIsCurrent && !(await buildOutdated())) process.exitCode = 1;
