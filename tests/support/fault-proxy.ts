// A line that fails on purpose: a proxy on node:net that delays, swallows or cuts what goes by.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** `hole`: connections stay open and nothing arrives, as when a cable is pulled. */
export type Fault = 'none' | 'hole' | 'cut' | { readonly delayMs: number };

export interface FaultProxy {
  readonly port: number;
  set(fault: Fault): void;
  /** Cuts every connection, and leads new ones elsewhere. */
  leadTo(target: number): void;
  close(): Promise<void>;
}

export async function openFaultProxy(first: number): Promise<FaultProxy> {
  let target = first;
  let fault: Fault = 'none';
  const sockets = new Set<Socket>();
  const pipe = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes) => {
      if (fault === 'hole') return;
      if (typeof fault === 'object') setTimeout(() => to.write(bytes), fault.delayMs);
      else to.write(bytes);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroy();
    });
  };
  const server = createServer((near) => {
    if (fault === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(target, '127.0.0.1');
    pipe(near, far);
    pipe(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      fault = next;
      // What was swallowed cannot be sent again: a stream with a hole in it is no stream.
      if (fault === 'cut' || fault === 'none') for (const socket of sockets) socket.destroy();
    },
    leadTo(next) {
      target = next;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
