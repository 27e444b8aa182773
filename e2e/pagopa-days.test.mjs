// pagoPA's good and bad days, played by hand at the sandbox's counter and seen by the office's commands.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { command, start } from './lib/server.mjs';

let town;
let notices;
const TENANT = 'c_z998';

before(async () => {
  town = await start({ people: 2000 });
  notices = await listed('payable', 200);
  notices = notices.filter((n) => n.fiscal_code === notices[0].fiscal_code);
  assert.ok(notices.length > 10, 'the town has notices to pay');
}, { timeout: 120_000 });

after(() => town?.stop());

const listed = async (state, limit) => (await fetch(`${town.sandbox}/notices?state=${state}&limit=${limit}`)).json();

async function post(path, fields) {
  const answer = await fetch(`${town.sandbox}${path}`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
}

const qr = (n) => `PAGOPA|002|${n.notice_number}|${n.fiscal_code}|${n.amount_cents}`;
const counter = (n, more = {}) => post('/tabaccheria/paga', { codice: qr(n), ente: n.fiscal_code, ...more });

/** Until it holds, a minute at most. */
async function until(what, holds) {
  for (let i = 0; i < 120; i += 1) {
    if (await holds()) return;
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
  assert.fail(`it never came to be that ${what}`);
}

const isPaid = async (n) => (await listed('paid', 20_000)).some((p) => p.notice_number === n.notice_number);

async function office(...args) {
  const [first, second, ...rest] = args;
  const words = first === 'reconcile' ? [first] : [first, second];
  const files = first === 'reconcile' ? [] : rest;
  return command(...words, '--database', town.database, '--tenant', TENANT, ...files);
}

async function download(path) {
  const file = join(town.folder, `${Math.random().toString(36).slice(2)}.file`);
  const answer = await fetch(`${town.sandbox}${path}`);
  assert.equal(answer.status, 200, path);
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  return file;
}

test('a notice is read from its code, paid once and then refused', async () => {
  const [notice] = notices.splice(0, 1);
  assert.match((await counter(notice)).text, /Pagamento eseguito/);
  assert.ok(await isPaid(notice));
  const again = await counter(notice);
  assert.equal(again.status, 422);
  assert.match(again.text, /PAA_PAGAMENTO_DUPLICATO/);
});

test('while the station is away the archive pays in its stead, and the receipt comes later', { timeout: 120_000 }, async () => {
  const [notice] = notices.splice(0, 1);
  const away = { stazione: 'assente' };
  await until('the archive knows the notice', async () => (await post('/tabaccheria', { codice: qr(notice), ente: '', ...away })).status === 200);
  const paid = await counter(notice, away);
  assert.match(paid.text, /Pagamento eseguito/, paid.text);
  assert.ok(!(await isPaid(notice)), 'nobody has told us yet');
  await until('the stand-in receipt came', () => isPaid(notice));
});

test('a receipt delivered twice is one payment, two receipts are a payment and money to give back', async () => {
  const [twice, two] = notices.splice(0, 2);
  await counter(twice, { ricevute: 'ripetuta' });
  await counter(two, { ricevute: 'doppia' });
  assert.ok(await isPaid(twice) && await isPaid(two));
  const { code, output } = await office('reconcile');
  assert.equal(code, 1, output);
  assert.match(output, /money held, to be matched or given back: 1 for/);
  assert.match(output, new RegExp(`double_payment.*${two.notice_number}`));
});

test('a late receipt is waited for', { timeout: 60_000 }, async () => {
  const [notice] = notices.splice(0, 1);
  await counter(notice, { ricevute: 'tardi' });
  assert.ok(!(await isPaid(notice)));
  await until('the late receipt came', () => isPaid(notice));
});

test('a payment whose receipt never came is seen in the settlement report, and its receipt fetched', { timeout: 120_000 }, async () => {
  const [notice] = notices.splice(0, 1);
  await counter(notice, { ricevute: 'mai' });
  assert.ok(!(await isPaid(notice)));
  await post('/pagopa/flussi', { ente: notice.fiscal_code });
  await until('the report told of the payment', () => isPaid(notice));
  await until('the missing receipt was fetched', async () => /whose receipt is missing: 0 for/.test((await office('reconcile')).output));
});

test('a report with a wrong total is refused whole; a good one again changes nothing', async () => {
  const [notice] = notices.splice(0, 1);
  await counter(notice);
  await post('/pagopa/flussi', { ente: notice.fiscal_code });
  const page = await (await fetch(`${town.sandbox}/pagopa/flussi`)).text();
  const [, path] = page.match(/href="(\/pagopa\/flusso\.xml\?[^"]*revisione=1)"/);
  const good = path.replaceAll('&amp;', '&');
  const bad = await office('fdr', 'import', await download(`${good}&guasto=totale`));
  assert.equal(bad.code, 1, bad.output);
  assert.match(bad.output, /refused/);
  const file = await download(good);
  const first = await office('fdr', 'import', file);
  assert.equal(first.code, 0, first.output);
  const again = await office('fdr', 'import', file);
  assert.match(again.output, /here already, nothing changed/);
});

test('the journal settles the reports, to the cent', async () => {
  const { fiscal_code: ente } = notices[0];
  const file = await download(`/pagopa/giornale.csv?ente=${ente}`);
  const first = await office('journal', 'import', file);
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /[1-9]\d* reports settled/);
  assert.match((await office('journal', 'import', file)).output, /0 new lines/);
  const { output } = await office('reconcile');
  assert.match(output, /whose money is not in the journal: 0 for 0,00/, output);
  const cents = (pattern) => Number((output.match(pattern) ?? ['', '0'])[1].replace(/[.,]/g, ''));
  assert.equal(cents(/settled\s+\d+ transfers\s+([\d.,]+)/), cents(/treasury\s+([\d.,]+)/), output);
  const { code, output: verified } = await command('verify', '--database', town.database);
  assert.equal(code, 0, verified);
});
