// Every door has its guard, and what is somebody else's answers exactly as what does not exist.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, close, open, signIn } from './lib/browser.mjs';
import { command, start } from './lib/server.mjs';

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const NOBODYS = '01900000-0000-7000-8000-000000000000';
let town, doors;

before(async () => {
  town = await start();
  const { output } = await command('doors');
  doors = output.trim().split('\n').map((line) => {
    const words = line.split(' ');
    return { methods: words.slice(0, -2), guard: words.at(-2), path: words.at(-1) };
  });
});
after(async () => {
  await close();
  await town.stop();
});

test('every door behind a sign-in refuses who is not signed in', async () => {
  assert.ok(doors.length > 40);
  for (const door of doors.filter((d) => !d.guard.startsWith('Public'))) {
    const url = town.portal + door.path.replace(/\{[a-z]+\}/g, NOBODYS);
    for (const method of door.methods) {
      const answer = await fetch(url, { method, redirect: 'manual', body: method === 'POST' ? 'a=1' : undefined, headers: method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {} });
      assert.equal(answer.status, method === 'GET' ? 303 : 401, `${method} ${door.path}`);
      if (method === 'GET') assert.match(answer.headers.get('location'), /Staff/.test(door.guard) ? /^\/ufficio\/accedi$/ : /^\/accedi\?poi=/);
    }
  }
});

test('every door that changes something refuses a form without its token, and a GET', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Marta Lorvandi/);
  for (const door of doors.filter((d) => /^(SignedIn|AnySession)$/.test(d.guard) && d.methods.includes('POST'))) {
    const url = town.portal + door.path;
    for (const csrf of ['', 'x'.repeat(64)]) assert.equal((await page.request.post(url, { form: { csrf }, maxRedirects: 0 })).status(), 403, door.path);
    if (!door.methods.includes('GET')) {
      // A path of another door that takes any id may stand here: then the word is no id.
      assert.ok([404, 405].includes((await page.request.get(url, { maxRedirects: 0 })).status()), `GET ${door.path}`);
    }
  }
  await page.context().close();
});

/** All addresses with an id that this person's pages lead to, and the values their forms send. */
async function crawl(page, portal) {
  const found = new Set(), seen = new Set(), queue = ['/area-personale'];
  while (queue.length && seen.size < 140) {
    const path = queue.shift();
    if (seen.has(path)) continue;
    seen.add(path);
    const answer = await page.request.get(portal + path, { maxRedirects: 3 });
    if (answer.status() !== 200 || !(answer.headers()['content-type'] ?? '').includes('html')) continue;
    const html = await answer.text();
    for (const [, href] of html.matchAll(/href="(\/[^"#]*)/g)) {
      const address = href.replaceAll('&#38;', '&').replaceAll('&amp;', '&');
      if (!address.startsWith('/area-personale')) continue;
      if (new RegExp(ID.source).test(address)) found.add(address);
      const shape = address.replace(ID, '*').replace(/(da|a|mese|ordina|verso|pagina)=[^&]*/g, '$1');
      if (!seen.has(address) && [...seen, ...queue].filter((s) => s.replace(ID, '*').replace(/(da|a|mese|ordina|verso|pagina)=[^&]*/g, '$1') === shape).length < 4) queue.push(address);
    }
  }
  return [...found];
}

test('another family and another Comune get the answer of an id that does not exist', async () => {
  const addresses = new Set();
  const sent = {};
  for (const persona of [/^Laura Montofani/, /^Enrico Galquadri/, /^Silvia Belloni/]) {
    const page = await open(town, { javaScript: false });
    await signIn(page, town, persona);
    if (/Enrico/.test(persona.source)) {
      await payOne(page); // only a payment has a receipt
      sent.spontaneo = await askForATrip(page);
    }
    for (const address of await crawl(page, town.portal)) addresses.add(address);
    await page.goto(`${town.portal}/area-personale/pagamento`);
    sent.posizione ??= await page.locator('input[name=posizione]').first().getAttribute('value').catch(() => undefined);
    await page.goto(`${town.portal}/area-personale/ricariche`);
    if (await page.locator('input[name=badge]').count()) sent.badge ??= await page.locator('input[name=badge]').first().getAttribute('value');
    await page.goto(`${town.portal}/area-personale/comunicazioni-assenze`);
    if (await page.locator('input[name=alunno]').count()) sent.alunno ??= await page.locator('input[name=alunno]').first().getAttribute('value');
    await page.context().close();
  }
  const wanted = doors.filter((d) => d.guard === 'SignedIn' && d.methods.includes('GET') && d.path.includes('{') && !/\{(cart|year|cause)\}/.test(d.path));
  for (const door of wanted) {
    const shape = new RegExp(`^${door.path.replace(/\{[a-z]+\}/g, '[^/?]+')}(\\?|$)`);
    if (!/comunicazioni-assenze|ricariche|allegati/.test(door.path)) assert.ok([...addresses].some((a) => shape.test(a)), `an address for ${door.path} among ${addresses.size}`);
  }
  for (const [persona, portal] of [[/^Marta Lorvandi/, town.portal], [/^Roberta Salmandi/, town.otherPortal]]) {
    const page = await open(town, { javaScript: false });
    await signIn(page, town, persona, { portal });
    for (const address of addresses) {
      const theirs = await ask(page, portal + address);
      const nobodys = await ask(page, portal + address.replace(ID, NOBODYS));
      assert.equal(theirs.status, 404, `${address} for ${persona}`);
      assert.equal(theirs.text.replace(ID, '*'), nobodys.text.replace(ID, '*'), address);
    }
    await refusedForms(page, portal, sent);
    await page.context().close();
  }
});

async function payOne(page) {
  await page.goto(`${town.portal}/area-personale/pagamento`);
  await page.locator('.pay-row label.choice').first().click();
  await page.getByRole('button', { name: 'Avvia pagamento' }).click();
  await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
  await page.getByRole('button', { name: /^Paga/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
}

/** A spontaneous payment that waits; its position. */
async function askForATrip(page) {
  await page.goto(`${town.portal}/area-personale/pagamento/spontaneo/causale/GITA`);
  await page.getByRole('button', { name: 'Continua' }).click();
  await page.getByRole('button', { name: /Stampa l'avviso/ }).click();
  await page.waitForURL(/\/spontaneo\/avviso\//);
  return page.url().split('/').at(-1);
}

/** Ids of others inside forms, with one's own good token. */
async function refusedForms(page, portal, sent) {
  await page.goto(`${portal}/area-personale`);
  const csrf = await page.locator('input[name=csrf]').first().getAttribute('value');
  const forms = [
    ['pagamento/riepilogo', { posizione: sent.posizione }],
    ['pagamento/avvia', { posizione: sent.posizione }],
    ['pagamento/avvia', { posizione: sent.spontaneo }],
    ['pagamento/spontaneo/annulla', { posizione: sent.spontaneo }],
    ['pagamento/spontaneo/riepilogo', { causale: 'GITA', alunno: sent.alunno }],
    ['pagamento/spontaneo/riepilogo', { causale: 'NON-ESISTE' }],
    ['pagamento/spontaneo/conferma', { causale: 'GITA', alunno: sent.alunno, form_key: 'a'.repeat(64) }],
    ['ricariche/riepilogo', { badge: sent.badge, importo: '5000' }],
    ['comunicazioni-assenze', { alunno: sent.alunno, quando: 'domani', tipologia: 'assente' }],
    ['comunicazioni-assenze/annulla', { comunicazione: sent.alunno }],
  ];
  for (const [path, fields] of forms) {
    assert.ok(Object.values(fields).every(Boolean), `${path}: ids were found`);
    const answer = await ask(page, `${portal}/area-personale/${path}`, { form: { csrf, ...fields } });
    assert.equal(answer.status, 404, `${path} ${JSON.stringify(fields)}`);
  }
}
