// The documentation over HTTP: /openapi.json and /docs, with every asset from our own disk.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { EngineAccess } from '../operations/operation.ts';
import { watermarkPattern } from '../operations/replies.ts';
import { programVersion } from '../version.ts';
import { buildOpenApi } from './openapi.ts';
import { addReadRoute, type HttpApp } from './routes.ts';

/**
 * Nothing may be loaded from anywhere else; Swagger UI sets some styles inline and draws icons from
 * data URIs.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const page = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Caini 猜你 API</title>
<link rel="icon" type="image/png" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

// The validator badge would call a server on the internet.
const start = `window.ui = SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

const assets = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
} as const;

export function addDocumentRoutes(app: HttpApp, access: EngineAccess): void {
  const ofChain = JSON.stringify(buildOpenApi(programVersion()));
  // Where there are no other nodes, a watermark is a number.
  const [marks, number] = [watermarkPattern, '^\\d{1,15}$'].map((each) => JSON.stringify(each));
  const alone = ofChain.replaceAll(marks!, number!);
  addReadRoute(app, '/openapi.json', () => {
    const isAlone = access.readiness().cluster === undefined;
    return document(isAlone ? alone : ofChain, 'application/json');
  });
  addReadRoute(app, '/docs', () => document(page, 'text/html; charset=utf-8'));
  addReadRoute(app, '/docs/start.js', () => document(start, 'text/javascript; charset=utf-8'));
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  for (const [name, type] of Object.entries(assets)) {
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    addReadRoute(app, `/docs/${name}`, () => {
      // Read when first asked for: most servers are never asked, and the bundle is 1.4 MB.
      bytes ??= new Uint8Array(readFileSync(join(folder, name)));
      return document(bytes, type);
    });
  }
}

function document(body: string | Uint8Array<ArrayBuffer>, type: string): Response {
  return new Response(body, {
    headers: {
      'content-type': type,
      'cache-control': 'no-cache',
      'content-security-policy': contentSecurityPolicy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      // For browsers that do not know frame-ancestors.
      'x-frame-options': 'DENY',
    },
  });
}
