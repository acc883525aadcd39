// Tests of examples/monitoring: what the dashboard and the alerts ask for is what /metrics tells.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Telemetry } from '../server/telemetry/telemetry.ts';
import { openLoopback } from './support/loopback.ts';

const root = join(import.meta.dirname, '..');
const folder = join(root, 'examples/monitoring');
const dashboard = readFileSync(join(folder, 'dashboard.json'), 'utf8');
const alerts = readFileSync(join(folder, 'alerts.yml'), 'utf8');
const guide = readFileSync(join(root, 'docs/guides/monitoring.md'), 'utf8');
/** Every series that a node can have, those of followers too; a test holds it to the code. */
const page = readFileSync(join(root, 'server/http/metrics.prom'), 'utf8');

const namesIn = (text: string): string[] => [
  ...new Set(text.match(/\b(?:caini|process|nodejs)_\w+/g) ?? []),
];

/** A page with all series: those that another node has, and those of this process and its disk. */
async function everything(): Promise<string> {
  const loopback = await openLoopback({}, { telemetry: new Telemetry(root) });
  try {
    const { text } = await loopback.get('/metrics');
    return `${page}\n${text}`;
  } finally {
    await loopback.close();
  }
}

test('the dashboard and the alerts name no series that there is not', async () => {
  const shown = namesIn(await everything());
  for (const name of namesIn(dashboard + alerts)) expect(shown, name).toContain(name);
});

test('the guide explains every series of ours, and what to do at each alert', async () => {
  const series = [...(await everything()).matchAll(/^# TYPE (caini_\w+)/gm)];
  expect(series.length).toBeGreaterThan(30);
  for (const [, name] of series) expect(guide, name).toContain(`\`${name}\``);
  const rules = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
  expect(rules.length).toBeGreaterThan(10);
  for (const name of rules) expect(guide, name).toContain(`\`${name}\``);
});

test('each panel of the dashboard asks for something and has its own place', () => {
  const { panels } = JSON.parse(dashboard);
  const places = panels.map(({ gridPos: { x, y } }: { gridPos: { x: number; y: number } }) => {
    return `${x} ${y}`;
  });
  expect(new Set(places).size).toBe(panels.length);
  for (const { title, targets } of panels) expect(targets[0].expr, title).toMatch(/_/);
});

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

test.skipIf(!hasPromtool)('promtool takes the alert rules (skipped without promtool)', () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'rules', '--lint-fatal'], {
    input: alerts,
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
});
