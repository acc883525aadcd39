// Where the doors listen by their settings, and which of them may not be opened.
import { describe, expect, test } from 'vitest';
import { readSettings, SettingsError } from './config.ts';
import { assertGuarded, grpcSettings } from './door-settings.ts';

test.each([
  [{ CAINI_GRPC_CERT_FILE: 'cert.pem' }, 'CAINI_GRPC_KEY_FILE must both be set'],
  [{ CAINI_GRPC_CLIENT_CA_FILE: 'ca.pem' }, 'must both be set for gRPC over TLS'],
])('gRPC with %j is refused in words', (environment, message) => {
  expect(() => grpcSettings(readSettings({ environment }))).toThrow(message);
});

test('gRPC is where the settings say, by TLS where there are files for it', () => {
  const settings = (environment: Record<string, string>) =>
    grpcSettings(readSettings({ environment }));
  expect(settings({})).toEqual({ host: '127.0.0.1', port: 50_051 });
  expect(settings({ CAINI_GRPC_PORT: 'none' })).toBeUndefined();
  const tls = { CAINI_GRPC_CERT_FILE: 'cert.pem', CAINI_GRPC_KEY_FILE: 'key.pem' };
  expect(settings({ CAINI_GRPC_HOST: '0.0.0.0', ...tls })).toMatchObject({
    tls: { certFile: 'cert.pem', keyFile: 'key.pem' },
  });
});

describe('doors that other machines reach', () => {
  const refusal = (environment: Record<string, string>, canAnybodyEnter: boolean) => {
    try {
      assertGuarded(readSettings({ environment }), canAnybodyEnter);
      return 'opened';
    } catch (error) {
      expect(error).toBeInstanceOf(SettingsError);
      return (error as Error).message;
    }
  };
  const behindProxy = { CAINI_PLAINTEXT: 'behind-proxy' };

  test.each(['127.0.0.1', 'localhost', '::1', '127.8.9.1'])('are not those on %s', (host) => {
    expect(refusal({ CAINI_HOST: host, CAINI_GRPC_HOST: host }, false)).toBe('opened');
  });

  test.each(['0.0.0.0', '::', '10.1.2.3', 'shop.example'])('need a key on %s', (host) => {
    const asked = { CAINI_HOST: host, ...behindProxy };
    expect(refusal(asked, false)).toContain(`CAINI_HOST is "${host}"`);
    expect(refusal(asked, false)).toContain('first: caini keys create --name');
    expect(refusal(asked, true)).toBe('opened');
  });

  test('and TLS, or a proxy that speaks it', () => {
    const http = { CAINI_HOST: '0.0.0.0' };
    expect(refusal(http, true)).toMatch(/in plaintext; first: export CAINI_HTTP_CERT_FILE/);
    const files = { CAINI_HTTP_CERT_FILE: 'cert.pem', CAINI_HTTP_KEY_FILE: 'key.pem' };
    expect(refusal({ ...http, ...files }, true)).toBe('opened');
    expect(refusal({ ...http, ...files }, false)).toContain('keys create');
    expect(refusal({ CAINI_HTTP_KEY_FILE: 'key.pem' }, true)).toContain(
      'must both be set for HTTP',
    );
    const grpc = { CAINI_GRPC_HOST: '0.0.0.0' };
    expect(refusal(grpc, true)).toContain('CAINI_GRPC_CERT_FILE');
    expect(refusal({ ...grpc, ...behindProxy }, true)).toBe('opened');
    const tls = { CAINI_GRPC_CERT_FILE: 'cert.pem', CAINI_GRPC_KEY_FILE: 'key.pem' };
    expect(refusal({ ...grpc, ...tls }, true)).toBe('opened');
    expect(refusal({ ...grpc, ...tls }, false)).toContain('keys create');
  });

  test('are told both commands when both are missing, which find the same keys', () => {
    const message = refusal({ CAINI_HOST: '0.0.0.0', CAINI_DATA_DIR: './shop' }, false);
    expect(message).toContain(
      'caini keys create --name NAME --scopes read,write --data-dir ./shop',
    );
    expect(message).toContain('CAINI_PLAINTEXT=behind-proxy');
    const elsewhere = { CAINI_HOST: '0.0.0.0', CAINI_ACCESS_DIR: './keys' };
    expect(refusal(elsewhere, false)).toContain('--access-dir ./keys');
  });

  test('are those behind a proxy too, wherever they listen', () => {
    expect(refusal(behindProxy, false)).toMatch(/^CAINI_PLAINTEXT is behind-proxy.*keys create/);
    expect(refusal(behindProxy, true)).toBe('opened');
  });

  test('and gRPC is not looked at where there is none', () => {
    expect(refusal({ CAINI_GRPC_HOST: '0.0.0.0', CAINI_GRPC_PORT: 'none' }, false)).toBe('opened');
  });
});
