// Starts the program on a demo town, on free ports, and ends it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const binary = process.env.CAMPANELLA ?? join(process.env.CARGO_TARGET_DIR ?? 'target', 'release', 'campanella');

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A demo town of `people` on `database`, made anew (a private SQLite file when none is given). */
export async function start({ people = 2000, seed = 7, database, env = {}, more = [] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'campanella-e2e-'));
  const [portal, sandbox, node] = [await freePort(), await freePort(), await freePort()];
  const args = ['demo', '--listen', `127.0.0.1:${portal}`, '--sandbox', `127.0.0.1:${sandbox}`, '--node', `127.0.0.1:${node}`,
    '--database', database ?? `sqlite:${join(folder, 'campanella.sqlite')}`, '--people', String(people), '--seed', String(seed), ...more];
  const town = {
    folder,
    database: database ?? `sqlite:${join(folder, 'campanella.sqlite')}`,
    portal: `http://127.0.0.1:${portal}`,
    otherPortal: `http://pievelieta.localhost:${portal}`,
    sandbox: `http://127.0.0.1:${sandbox}`,
    node: `http://127.0.0.1:${node}`,
    async launch(more = []) {
      town.process = spawn(binary, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
      town.errors = '';
      town.process.stderr.on('data', (chunk) => { town.errors = (town.errors + chunk).slice(-20_000); });
      const ended = once(town.process, 'exit').then(([code]) => { throw new Error(`ended with ${code}: ${town.errors}`); });
      const ready = (async () => {
        town.output = '';
        for await (const line of createInterface({ input: town.process.stdout })) {
          town.output += `${line}\n`;
          if (line.startsWith('ready ')) return;
        }
      })();
      await Promise.race([ready, ended]);
      ended.catch(() => {});
    },
    async kill(signal = 'SIGKILL') {
      if (town.process.exitCode !== null || town.process.signalCode !== null) return town.process.exitCode;
      town.process.kill(signal);
      const [code] = await once(town.process, 'exit');
      return code;
    },
    async stop() {
      const code = await town.kill('SIGTERM');
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
  await town.launch(database ? ['--reset'] : []);
  return town;
}

/** Runs a command of the program and gives what it printed and its exit code. */
export async function command(...args) {
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { output += chunk; });
  const [code] = await once(child, 'exit');
  return { code, output };
}
