// Loaded with --import: opens LMDB without its syncs, the control of the power-loss test. No switch
// of the engine.
import { register } from 'node:module';

/** A module in front of lmdb: everything of it, but `open` asks for no sync. */
function frontOf(url: string): string {
  return (
    `export * from ${JSON.stringify(url)};` +
    `import { open as openLmdb } from ${JSON.stringify(url)};` +
    'export const open = (options) => openLmdb({ ...options, noSync: true });'
  );
}

const hooks = `
const frontOf = ${frontOf};
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  if (specifier !== 'lmdb' || context.parentURL?.startsWith('data:')) return found;
  return { url: 'data:text/javascript,' + encodeURIComponent(frontOf(found.url)),
    format: 'module', shortCircuit: true };
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
