// The database locked, or away for a while: an honest page, nothing half written, and the service comes back by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, test } from 'node:test';
import { DESKTOP, PHONE, close, forgive, inspect, open, signIn } from './lib/browser.mjs';
import { start } from './lib/server.mjs';

after(close);

const RETRY = /momento|riprova/i;

/** Holds SQLite's write lock from another process until the returned function is called. */
async function lock(file) {
  const hold = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute("begin immediate"); print("held", flush=True); sys.stdin.read()';
  const holder = spawn('python3', ['-c', hold, file], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end();
    await once(holder, 'exit');
  };
}

/** A way to a server that can be cut and mended. */
async function bridge(target) {
  const { hostname, port } = new URL(target);
  const open = new Set();
  let cut = false;
  const server = createServer((near) => {
    if (cut) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('close', () => open.delete(socket)).on('error', () => socket.destroy());
    }
    near.pipe(far).pipe(near);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const through = new URL(target);
  through.port = String(server.address().port);
  return {
    address: through.href,
    cut() { cut = true; for (const socket of open) socket.destroy(); },
    mend() { cut = false; },
    end() { this.cut(); server.close(); },
  };
}

const csrf = (page) => page.locator('input[name=csrf]').first().getAttribute('value');

/** Sends an absence report for the first child, some working days ahead. */
async function report(page, town) {
  const form = { csrf: await csrf(page), alunno: await page.locator('input[name=alunno]').first().getAttribute('value'), quando: 'giorni', da: day(12), a: day(12), tipologia: await page.locator('input[name=tipologia]').first().getAttribute('value') };
  return page.request.post(`${town.portal}/area-personale/comunicazioni-assenze`, { form, maxRedirects: 0, timeout: 60_000 });
}

function day(ahead) {
  const at = new Date(Date.now() + ahead * 86_400_000);
  while ([0, 6].includes(at.getDay())) at.setDate(at.getDate() + 1);
  return at.toLocaleDateString('sv-SE');
}

async function standing(page, town) {
  await page.goto(`${town.portal}/area-personale/comunicazioni-assenze`);
  return page.locator('#gia-segnalate tbody tr').count();
}

test('SQLite: a report while the database is locked is refused with words and changes nothing', { timeout: 180_000 }, async () => {
  const town = await start();
  try {
    const page = await open(town, { viewport: PHONE, javaScript: false });
    await signIn(page, town, /^Marta Lorvandi/);
    const before = await standing(page, town);
    const release = await lock(town.database.replace('sqlite:', ''));
    const answer = await report(page, town).finally(release);
    assert.equal(answer.status(), 503);
    assert.ok(Number(answer.headers()['retry-after']) > 0);
    assert.match(await answer.text(), RETRY);
    assert.equal(await standing(page, town), before, 'nothing was written');
    assert.ok((await report(page, town)).status() < 400, 'the same form, once more');
    await page.context().close();
  } finally {
    await town.stop();
  }
});

test('PostgreSQL: away and back, without a restart', { timeout: 240_000, skip: !process.env.CAMPANELLA_TEST_POSTGRES && 'no PostgreSQL' }, async () => {
  const way = await bridge(process.env.CAMPANELLA_TEST_POSTGRES);
  const town = await start({ database: way.address });
  try {
    const page = await open(town, { viewport: DESKTOP, javaScript: false });
    await signIn(page, town, /^Marta Lorvandi/);
    const before = await standing(page, town);
    way.cut();
    assert.equal((await fetch(`${town.portal}/readyz`)).status, 503);
    assert.equal((await fetch(`${town.portal}/healthz`)).status, 200, 'the process lives');
    assert.equal((await report(page, town)).status(), 503);
    const shown = await page.goto(`${town.portal}/area-personale/documenti-contabili`);
    assert.equal(shown.status(), 503);
    assert.match(await page.locator('.contact-band').innerText(), /0000 123456/, 'the telephone the page speaks of');
    await forgive(page);
    assert.deepEqual(await inspect(page, 'database-assente', { axe: false }), []);
    way.mend();
    for (let tries = 0; tries < 50 && (await fetch(`${town.portal}/readyz`)).status !== 200; tries++) await new Promise((go) => setTimeout(go, 200));
    assert.equal(await standing(page, town), before, 'signed in still, and nothing was written');
    assert.ok((await report(page, town)).status() < 400);
    await page.context().close();
  } finally {
    assert.equal(await town.stop(), 0);
    way.end();
  }
});
