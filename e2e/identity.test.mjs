// Each way in and out on a phone, with JavaScript and without: SPID, CIE, everything a provider may answer that is no
// identity, the way on from it, and a session that ends under a filled form.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PHONE, close, inspect, open } from './lib/browser.mjs';
import { start } from './lib/server.mjs';

const WAYS = [
  { name: 'phone', viewport: PHONE, javaScript: true },
  { name: 'phone-nojs', viewport: PHONE, javaScript: false },
];
const PARENT = /^Marta Lorvandi/;

// The button of the test provider, and the words of the portal's page.
const ENDINGS = [
  [/\(19\)/, /Credenziali errate/],
  [/\(20\)/, /credenziali di livello più alto/],
  [/\(21\)/, /Tempo scaduto/],
  [/\(22\)/, /non inviare i dati/],
  [/\(23\)/, /sospesa o revocata/],
  [/\(24\)/, /L'accesso non è riuscito|Non siamo riusciti/],
  [/\(25\)/, /Hai interrotto l'accesso/],
  [/\(30\)/, /identità personale/],
  [/\(16\)/, /L'accesso non è riuscito|Non siamo riusciti/],
  [/senza firma/, /Non siamo riusciti a riconoscerti/],
  [/estraneo/, /Non siamo riusciti a riconoscerti/],
  [/in ritardo/, /Non siamo riusciti a riconoscerti/],
  [/Livello più basso/, /Non siamo riusciti a riconoscerti/],
];

let town;
before(async () => { town = await start(); });
after(async () => {
  await close();
  assert.equal(await town.stop(), 0, 'SIGTERM ends with 0');
});

/** A page that carries a message goes on by script, or by its one button. */
async function onwards(page, where) {
  if (!page.javaScript) await page.getByRole('button', { name: 'Continua' }).click();
  await page.waitForURL(where);
}

/** From the sign-in page to the provider's. */
async function ask(page, scheme, provider = 'Gestore di prova Uno') {
  if (scheme === 'SPID') {
    await page.getByText('Entra con SPID').first().click();
    await page.getByRole('link', { name: provider }).click();
  } else {
    await page.getByRole('link', { name: 'Entra con CIE' }).first().click();
  }
  await onwards(page, /\/idp\/[a-z0-9-]+\/sso/);
}

async function be(page, persona = PARENT) {
  await page.getByRole('button', { name: persona }).first().click();
  await onwards(page, (url) => url.origin === town.portal && !url.pathname.endsWith('/acs'));
}

/** The provider answers so; the status of the portal's page. */
async function provoke(page, button) {
  await page.getByText('Prove difficili').click();
  const answered = page.waitForResponse((r) => r.url().endsWith('/acs') && r.request().method() === 'POST');
  await page.getByRole('button', { name: button }).last().click();
  if (!page.javaScript) await page.getByRole('button', { name: 'Continua' }).click();
  const status = (await answered).status();
  await page.waitForURL(/\/acs$/);
  return status;
}

async function clean(page, way, name) {
  assert.deepEqual(await inspect(page, `identita-${name}-${way.name}`, { axe: way.javaScript, refusals: /status of 40[13]/ }), [], `${name} (${way.name})`);
}

for (const way of WAYS) {
  for (const scheme of ['SPID', 'CIE']) {
    test(`in by ${scheme} to the page asked for, and out (${way.name})`, async () => {
      const page = await open(town, way);
      await page.goto(`${town.portal}/area-personale/ricariche`);
      await clean(page, way, 'accedi');
      await ask(page, scheme);
      await be(page);
      assert.equal(new URL(page.url()).pathname, '/area-personale/ricariche');
      await page.getByRole('button', { name: 'Esci' }).click();
      await page.waitForURL(`${town.portal}/`);
      await clean(page, way, 'uscita');
      await page.goto(`${town.portal}/area-personale`);
      assert.match(page.url(), /\/accedi/);
      await page.goBack();
      await page.goto(`${town.portal}/area-personale/ricariche`);
      assert.match(page.url(), /\/accedi/, 'going back does not bring the session back');
      await page.context().close();
    });
  }

  test(`every answer that is no identity has its words and a way on (${way.name})`, async () => {
    const page = await open(town, way);
    for (const [button, words] of ENDINGS) {
      await page.goto(`${town.portal}/accedi`);
      await ask(page, 'SPID');
      assert.equal(await provoke(page, button), 403, String(button));
      assert.match(await page.locator('h1').innerText(), words, String(button));
      await clean(page, way, String(button).replaceAll(/[^a-zA-Z0-9]+/g, ''));
      await page.goto(`${town.portal}/area-personale`);
      assert.match(page.url(), /\/accedi/, 'nobody is in');
    }
    await page.context().close();
  });

  for (const [what, button] of [['cancelled', 'Annulla l\'accesso'], ['not consented', 'Nega il consenso']]) {
    test(`${what}, then tried again from the page that says so (${way.name})`, async () => {
      const page = await open(town, way);
      await page.goto(`${town.portal}/accedi`);
      await ask(page, 'CIE');
      await page.getByRole('button', { name: button }).first().click();
      await onwards(page, /\/cie\/acs$/);
      await page.getByRole('link', { name: /Accedi|Riprova/ }).last().click();
      await page.waitForURL(/\/accedi/);
      await ask(page, 'SPID', 'Gestore di prova Due');
      await be(page);
      assert.match(await page.locator('h1').innerText(), /Ciao Marta/);
      await page.context().close();
    });
  }

  test(`an answer sent twice is told to begin anew, and the session stays (${way.name})`, async () => {
    const page = await open(town, way);
    await page.goto(`${town.portal}/accedi`);
    await ask(page, 'SPID');
    const posted = page.waitForRequest((r) => r.url().endsWith('/spid/acs'));
    await be(page);
    const answer = await page.request.post(`${town.portal}/spid/acs`, {
      data: (await posted).postData(), headers: { 'content-type': 'application/x-www-form-urlencoded' }, maxRedirects: 0 });
    assert.equal(answer.status(), 403);
    assert.match(await answer.text(), /L(&#39;|')accesso non è più valido/);
    await page.goto(`${town.portal}/area-personale`);
    assert.match(await page.locator('h1').innerText(), /Ciao Marta/);
    await page.context().close();
  });

  test(`a session that ends under a filled form keeps the form through CIE (${way.name})`, async () => {
    const page = await open(town, way);
    await page.goto(`${town.portal}/area-personale/ricariche`);
    await ask(page, 'SPID');
    await be(page);
    await page.locator('label[for=i-altro]').click();
    await page.locator('#altro_importo').fill('37,50');
    await page.context().clearCookies({ name: 'campanella_session' });
    const answered = page.waitForResponse((r) => r.request().method() === 'POST' && r.url().includes('/area-personale/ricariche'));
    await page.locator('main form:has(#altro_importo) button[type=submit]').first().click();
    assert.equal((await answered).status(), 401);
    await clean(page, way, 'sessione-scaduta');
    await page.getByRole('link', { name: 'Accedi di nuovo' }).click();
    await ask(page, 'CIE');
    await be(page);
    assert.equal(await page.locator('#altro_importo').inputValue(), '37,50');
    await page.context().close();
  });
}
