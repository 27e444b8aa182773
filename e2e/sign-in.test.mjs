// Ways in by SPID, CIE and eIDAS, each way it can go wrong, and the way out that a provider asks for.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, close, inspect, open, signIn } from './lib/browser.mjs';
import { start } from './lib/server.mjs';

let town;
let parent;
before(async () => {
  town = await start();
  const personas = await (await fetch(`${town.sandbox}/personas`)).json();
  parent = personas.find((p) => p.host === '127.0.0.1').name;
});
after(async () => { await close(); await town?.stop(); });

const WAYS = [
  ['19', 'Credenziali errate ripetute'],
  ['20', 'Servono credenziali di livello più alto'],
  ['21', "Tempo scaduto durante l'accesso"],
  ['22', 'Hai scelto di non inviare i dati'],
  ['23', 'Identità sospesa o revocata'],
  ['24', "L'accesso non è riuscito"],
  ['25', "Hai interrotto l'accesso"],
  ['30', 'Usa la tua identità personale'],
  ['16', 'Non siamo riusciti a riconoscerti'],
  ['senza-firma', 'Non siamo riusciti a riconoscerti'],
  ['firma-estranea', 'Non siamo riusciti a riconoscerti'],
  ['tardi', 'Non siamo riusciti a riconoscerti'],
  ['livello', 'Non siamo riusciti a riconoscerti'],
];

/** From the sign-in page to a provider's page. */
async function toProvider(page, provider = 'Gestore di prova Uno') {
  await page.locator('summary', { hasText: 'Entra con SPID' }).click();
  await page.locator('.idp-menu a', { hasText: provider }).click();
  if (!page.javaScript) await page.getByRole('button', { name: 'Continua' }).click();
  await page.waitForURL(/\/idp\/[a-z0-9-]+\/sso$/);
}

/** Makes the provider answer so, and comes back with it. */
async function provoke(page, trial) {
  await page.locator('summary', { hasText: 'Prove difficili' }).click();
  await page.locator(`button[name=esito][value="${trial}"]`).click();
  if (!page.javaScript) await page.getByRole('button', { name: 'Continua' }).click();
  await page.waitForURL(/\/acs$/);
}

for (const [viewport, javaScript] of [[PHONE, true], [DESKTOP, false]]) {
  test(`each way a sign-in goes wrong has its page and a way on, ${viewport.width} px, JavaScript ${javaScript}`, async () => {
    const page = await open(town, { viewport, javaScript });
    for (const [trial, title] of WAYS) {
      await page.goto(`${town.portal}/accedi`);
      await toProvider(page);
      await provoke(page, trial);
      assert.equal(await page.locator('h1').innerText(), title, trial);
      assert.deepEqual(await inspect(page, `sign-in-${trial}`, { axe: javaScript, refusals: /status of 403/ }), [], trial);
      assert.match(await page.locator('main').innerText(), /Scrivi all'ufficio/i, trial);
      await page.getByRole('link', { name: 'Accedi di nuovo' }).click();
      await page.waitForURL(/\/accedi/);
    }
    // After all that the same browser gets in.
    await toProvider(page, 'Gestore di prova Due');
    await page.getByRole('button', { name: parent }).first().click();
    if (!javaScript) await page.getByRole('button', { name: 'Continua' }).click();
    await page.waitForURL(`${town.portal}/area-personale`);
    await page.context().close();
  });
}

test('the sign-in page shows every provider, shut and open', async () => {
  for (const viewport of [PHONE, DESKTOP]) {
    const page = await open(town, { viewport });
    await page.goto(`${town.portal}/accedi`);
    assert.deepEqual(await inspect(page, 'sign-in'), []);
    await page.locator('summary', { hasText: 'Entra con SPID' }).click();
    assert.deepEqual(await inspect(page, 'sign-in-providers'), []);
    const names = await page.locator('.idp-menu a').allInnerTexts();
    assert.deepEqual(names.toSorted(), ['Gestore di prova Due', 'Gestore di prova Tre', 'Gestore di prova Uno']);
    await page.context().close();
  }
});

test('a foreign identity that the office has not connected is told what is missing', async () => {
  const page = await open(town);
  await page.goto(`${town.portal}/accedi`);
  await page.getByRole('link', { name: 'Login with eIDAS' }).click();
  await page.waitForURL(/\/idp\/eidas\/sso$/);
  await page.getByRole('button', { name: 'Inés' }).click();
  await page.waitForURL(/\/acs$/);
  assert.equal(await page.locator('h1').innerText(), 'La tua identità europea non è ancora collegata');
  assert.deepEqual(await inspect(page, 'sign-in-eidas', { refusals: /status of 403/ }), []);
  await page.context().close();
});

test('a provider ends the session it opened, and no other', async () => {
  const [one, other] = [await open(town), await open(town)];
  await one.goto(`${town.portal}/accedi`);
  await toProvider(one, 'Gestore di prova Uno');
  await one.getByRole('button', { name: parent }).first().click();
  await one.waitForURL(`${town.portal}/area-personale`);
  await signIn(other, town, parent, { scheme: 'CIE' });
  const provider = await open(town);
  await provider.goto(`${town.sandbox}/idp/spid-1/uscita`);
  await provider.getByRole('button', { name: /^Termina la sessione/ }).first().click();
  await provider.waitForURL(`${town.sandbox}/idp/spid-1/slo`);
  assert.equal(await provider.locator('h1').innerText(), 'Sessione terminata');
  await one.goto(`${town.portal}/area-personale`);
  assert.match(one.url(), /\/accedi/);
  await other.goto(`${town.portal}/area-personale`);
  assert.equal(other.url(), `${town.portal}/area-personale`);
  for (const page of [one, other, provider]) await page.context().close();
});
