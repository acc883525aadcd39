// The kernel's part of a list (50 items bought, 50 neighbours each, the 20 best) in WebAssembly,
// beside the same algorithm in C and in JavaScript over typed arrays: the same chain, members in
// turn, every answer compared.
import { scratchFolder } from './chain.ts';
import { figuresOf, type RecordRow, rounded, table } from './figures.ts';
import { type KernelData, makeData } from './kernel/data.ts';
import { twinInput } from './kernel/input.ts';
import { NativeTwin } from './kernel/native.ts';
import { type TwinInput, TypedArrays } from './kernel/twin.ts';
import { resultBytes, WasmKernel } from './kernel/wasm.ts';

const sizes = [10_000, 100_000, 1_000_000];
/** So many that neither their rows nor what those touch stays in a cache nearby. */
const members = 2_000;
const rounds = 24;
const warmRounds = 4;
/** Others use the machine too: the figures are of this share of the rounds, the quietest. */
const quietShare = 0.25;
const tolerance = 1e-5;

type Side = 'wasm' | 'native' | 'js';
/** Microseconds of each request of one round. */
type Round = Partial<Record<Side, Float64Array>>;

interface Answers {
  readonly times: Float64Array;
  readonly results: readonly Uint8Array[];
}

function timed(side: { request(member: number): void; results(): Uint8Array }): Answers {
  const times = new Float64Array(members);
  const results: Uint8Array[] = [];
  for (let member = 0; member < members; member++) {
    const startedAt = performance.now();
    side.request(member);
    times[member] = (performance.now() - startedAt) * 1_000;
    results.push(side.results());
  }
  return { times, results };
}

/** Throws where two lists differ in more than the last bits of their scores. */
function compare(name: string, own: readonly Uint8Array[], other: readonly Uint8Array[]): void {
  for (const [member, list] of own.entries()) {
    const [a, b] = [new DataView(list.buffer), new DataView(other[member]!.buffer)];
    const fail = (what: string): never => {
      throw new Error(`${name} gives member ${member} another list: ${what}`);
    };
    if (list.length !== other[member]!.length) fail('its length');
    for (let at = 0; at < list.length; at += resultBytes) {
      const [score, wanted] = [a.getFloat32(at + 4, true), b.getFloat32(at + 4, true)];
      if (Math.abs(score - wanted) > tolerance * wanted) fail(`score ${wanted}, ours ${score}`);
      const isNeighbourAlike = [at - resultBytes, at + resultBytes].some(
        (near) => near < 0 || near >= list.length || isClose(a.getFloat32(near + 4, true), score),
      );
      const isSame = a.getUint32(at, true) === b.getUint32(at, true);
      if (!isSame && !isNeighbourAlike) fail(`place ${at / resultBytes}`);
    }
  }
}

function isClose(score: number, other: number): boolean {
  return Math.abs(score - other) <= tolerance * other;
}

interface Measured {
  readonly items: number;
  readonly sides: Readonly<Partial<Record<Side, readonly number[]>>>;
}

/** The samples of the quietest rounds: those in which all sides together took least. */
function quietest(all: readonly Round[]): Measured['sides'] {
  const total = (round: Round) =>
    Object.values(round).reduce((sum, times) => sum + times.reduce((a, b) => a + b, 0), 0);
  const sorted = [...all].sort((a, b) => total(a) - total(b));
  const kept = sorted.slice(0, Math.ceil(all.length * quietShare));
  const of = (side: Side) => kept.flatMap((round) => [...(round[side] ?? [])]);
  const native = of('native');
  return { wasm: of('wasm'), js: of('js'), ...(native.length === 0 ? {} : { native }) };
}

async function measure(items: number, folder: string): Promise<Measured> {
  const data: KernelData = makeData(items, members);
  const wasm = new WasmKernel(data);
  // Reading makes the views that the twins are given.
  for (let member = 0; member < members; member++) wasm.request(member);
  const input: TwinInput = twinInput(data, wasm);
  const js = new TypedArrays(input);
  const native = await NativeTwin.start(input, wasm.records(), folder);
  try {
    const all: Round[] = [];
    for (let round = 0; round < warmRounds + rounds; round++) {
      const own = timed(wasm);
      const ofNative = await native?.serve(members);
      const ofJs = timed(js);
      compare('JavaScript', own.results, ofJs.results);
      if (ofNative) compare('C', own.results, ofNative.results);
      if (round < warmRounds) continue;
      all.push({
        wasm: own.times,
        js: ofJs.times,
        ...(ofNative ? { native: ofNative.times } : {}),
      });
    }
    return { items, sides: quietest(all) };
  } finally {
    native?.stop();
  }
}

/** What is asked of the figures, in µs and of the ratio. */
const bars: Readonly<Record<number, { readonly median: number; readonly p99?: number }>> = {
  100000: { median: 20, p99: 60 },
  1000000: { median: 45 },
};
const overNativeMax = 1.25;
const underScriptMin = 3;

function recordSize(record: RecordRow, { items, sides }: Measured): void {
  const { wasm = [], native, js = [] } = sides;
  const bar = bars[items];
  record({
    name: `${items} items, WebAssembly`,
    unit: 'µs',
    samples: wasm,
    ...(native ? { limit: { name: 'the same in C', samples: native } } : {}),
    bars: [
      ...(native && items === 100_000 ? [{ of: 'ratio', atMost: overNativeMax } as const] : []),
      ...(bar ? [{ of: 'median', atMost: bar.median } as const] : []),
      ...(bar?.p99 ? [{ of: 'p99', atMost: bar.p99 } as const] : []),
    ],
  });
  record({
    name: `${items} items, typed arrays`,
    unit: 'µs',
    samples: js,
    limit: { name: 'WebAssembly', samples: wasm },
    bars: items === 100_000 ? [{ of: 'ratio', atLeast: underScriptMin }] : [],
  });
}

export async function benchKernel(record: RecordRow): Promise<string> {
  const rows = [['items', 'side', 'n', 'min µs', 'median µs', 'p99 µs', '× wasm']];
  let summary = '';
  for (const items of sizes) {
    const scratch = scratchFolder();
    try {
      const measured = await measure(items, scratch.path);
      recordSize(record, measured);
      const own = figuresOf(measured.sides.wasm ?? []).median;
      const medians: Partial<Record<Side, number>> = {};
      for (const side of ['wasm', 'native', 'js'] as const) {
        const { n, min, median, p99 } = figuresOf(measured.sides[side] ?? []);
        if (n === 0) rows.push([String(items), `${side} (no gcc)`, '0', '', '', '', '']);
        else {
          const ratio = (median / own).toFixed(2);
          rows.push([String(items), side, String(n), ...[min, median, p99].map(rounded), ratio]);
          medians[side] = median;
        }
      }
      if (items === 100_000) summary = summed(medians);
    } finally {
      scratch.remove();
    }
  }
  console.log(table(rows));
  return summary;
}

function summed({ wasm = 0, native, js = 0 }: Partial<Record<Side, number>>): string {
  const nativeText = native === undefined ? 'native no gcc' : `native ${rounded(native)} µs`;
  const ratio = native === undefined ? 'none' : (wasm / native).toFixed(2);
  return `kernel wasm ${rounded(wasm)} µs  ${nativeText}  js ${rounded(js)} µs  ratio ${ratio}`;
}
