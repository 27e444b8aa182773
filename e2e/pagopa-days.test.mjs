// pagoPA's good and bad days, played by hand at the sandbox's counter and seen by the office's commands.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, close, inspect, open, signIn } from './lib/browser.mjs';
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

after(async () => {
  await close();
  await town?.stop();
});

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

/** The identifier of the receipt that waits for this notice. */
async function held(n) {
  const page = await (await fetch(`${town.sandbox}/pagopa/giornate`)).text();
  const grouped = n.notice_number.match(/.{1,4}/g).join(' ');
  const [, rest] = page.split(`<span class="what">${grouped}</span>`);
  return rest?.match(/name="ricevuta" value="([^"]+)"/)[1];
}

test('the page of bad days can be read and used on a phone and on a desk', async () => {
  const [notice] = notices.splice(0, 1);
  await counter(notice, { ricevute: 'trattenuta' });
  for (const viewport of [PHONE, DESKTOP]) {
    const page = await open(town, { viewport });
    await page.goto(`${town.sandbox}/pagopa/giornate`);
    assert.deepEqual(await inspect(page, 'giornate'), []);
    assert.ok(await page.locator('#giornate + ul > li').count() >= 14);
    await page.context().close();
  }
  await post('/pagopa/giornate/consegna', { ricevuta: await held(notice) });
  assert.ok(await isPaid(notice));
});

test('a notice the office withdraws while it is being paid stays withdrawn, and its money is held', async () => {
  const [notice] = notices.splice(0, 1);
  await counter(notice, { ricevute: 'trattenuta' });
  const { code, output } = await office('notice', 'cancel', notice.notice_number);
  assert.equal(code, 0, output);
  const refused = await counter(notice);
  assert.equal(refused.status, 422);
  assert.match(refused.text, /PAA_PAGAMENTO_ANNULLATO/);
  const receipt = await held(notice);
  await post('/pagopa/giornate/consegna', { ricevuta: receipt });
  await post('/pagopa/giornate/consegna', { ricevuta: receipt });
  assert.equal(await held(notice), undefined, 'it was delivered, once');
  assert.ok((await listed('cancelled', 20_000)).some((n) => n.notice_number === notice.notice_number));
  assert.match((await office('reconcile')).output, new RegExp(`after_cancellation.*${receipt}.*${notice.notice_number}`));
});

test('a receipt for a notice nobody knows is kept, to be matched by a person', async () => {
  const number = (await (await fetch(`${town.sandbox}/pagopa/giornate`)).text()).match(/name="codice"[^>]*value="(\d{18})"/)[1];
  const asked = { ente: notices[0].fiscal_code, codice: number, importo: '12,00' };
  const sent = await post('/pagopa/giornate/sconosciuto', asked);
  assert.equal(sent.status, 200, sent.text);
  assert.match(sent.text, /Ricevuta [0-9a-f]{32} inviata/);
  assert.match((await office('reconcile')).output, new RegExp(`unmatched\\s+12,00.*${number}`));
  for (const wrong of [{ codice: notices[0].notice_number }, { codice: '1' }, { importo: '1e9' }, { ente: '00000000000' }]) {
    assert.equal((await post('/pagopa/giornate/sconosciuto', { ...asked, ...wrong })).status, 422, JSON.stringify(wrong));
  }
});

test('a receipt from an old station or with another debtor is a payment; a euro less leaves a euro to pay', async () => {
  const [station, debtor, less] = notices.splice(0, 3);
  await counter(station, { ricevute: 'stazione' });
  await counter(debtor, { ricevute: 'debitore' });
  await counter(less, { ricevute: 'meno' });
  assert.ok(await isPaid(station) && await isPaid(debtor));
  const left = (await listed('payable', 20_000)).find((n) => n.notice_number === less.notice_number);
  assert.equal(left.amount_cents, 100);
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
  const xml = await office('journal', 'import', await download(`/pagopa/giornale.xml?ente=${ente}`));
  assert.match(xml.output, /^0 new lines .* [1-9]\d* known/, 'the XML of SIOPE+ has the same lines');
  const { output } = await office('reconcile');
  assert.match(output, /whose money is not in the journal: 0 for 0,00/, output);
  const cents = (pattern) => Number((output.match(pattern) ?? ['', '0'])[1].replace(/[.,]/g, ''));
  assert.equal(cents(/settled\s+\d+ transfers\s+([\d.,]+)/), cents(/treasury\s+([\d.,]+)/), output);
  const { code, output: verified } = await command('verify', '--database', town.database);
  assert.equal(code, 0, verified);
});

test('a payment is told in app IO', async () => {
  const page = async () => (await fetch(`${town.sandbox}/io`)).text();
  await until('the payments were told', async () => /Pagamento ricevuto: /.test(await page()));
});

test('where pagoPA answers for the Comune it hears of a spontaneous payment before the cart asks for it', { timeout: 120_000 }, async () => {
  const gateway = (...words) => command('gateway', words[0], '--database', town.database, '--tenant', TENANT, ...words.slice(1));
  const key = ['--key-file', `${join(town.folder, 'campanella.sqlite')}.key`];
  const receipts = `${town.sandbox}/gpd/payments-receipts-service/v1`;
  for (const answer of [await gateway('service', ...key, 'receipts', receipts), await gateway('choose', 'gpd')]) assert.equal(answer.code, 0, answer.output);
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Marta Lorvandi/);
  await page.goto(`${town.portal}/area-personale/pagamento/spontaneo/causale/CONTRIBUTO`);
  await page.locator('#importo').fill('3,00');
  await page.getByRole('button', { name: 'Continua' }).click();
  await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
  await page.waitForURL(/\/checkout\//, { timeout: 20_000 });
  await page.getByRole('button', { name: /^Paga/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
  await page.context().close();
});
