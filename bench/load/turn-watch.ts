// Loaded before a program: records what its event loop does from the moment at which it listens,
// and tells whoever started it on demand.
import { Server } from 'node:net';
import { recordTurns } from '../turns.ts';

let end = recordTurns();

const { listen } = Server.prototype;
Server.prototype.listen = function listenOnce(this: Server, ...words: unknown[]): Server {
  Server.prototype.listen = listen;
  this.once('listening', () => {
    // While its files are loaded nobody can wait for it.
    void end();
    end = recordTurns();
  });
  return (listen as (...all: unknown[]) => Server).apply(this, words);
};

process.on('message', async () => {
  process.send!(await end());
  // Only now: to sum up and to tell is no work of the program.
  end = recordTurns();
});
// It must not keep the process alive, which ends by itself when it is asked to stop.
process.channel?.unref();
