// A parent with children in two Comuni pays both in one cart, and each portal shows its own.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, ask, close, forgive, inspect, open, signIn } from './lib/browser.mjs';
import { command, start } from './lib/server.mjs';

let town;

before(async () => { town = await start(); });
after(async () => {
  await close();
  await town.stop();
});

const WAYS = [{ name: 'phone', viewport: PHONE, javaScript: true }, { name: 'desk-nojs', viewport: DESKTOP, javaScript: false }];
const PAY = '/area-personale/pagamento';

async function clean(page, way, name) {
  assert.deepEqual(await inspect(page, `${name}-${way.name}`, { axe: way.javaScript }), [], name);
}

const theirs = (page) => page.locator('.pay-row input[value^="c_z997:"]');
const ours = (page) => page.locator('.pay-row input[name=posizione]:not([value*=":"])');
const agreement = (...words) => command('agreement', ...words, '--database', town.database, '--tenant', 'c_z997');

for (const way of WAYS) {
  test(`notices of both Comuni go in one cart and are paid in both portals (${way.name})`, async () => {
    const page = await open(town, way);
    await signIn(page, town, /^Dora Quermonti/);
    await page.goto(town.portal + PAY);
    await clean(page, way, 'convenzione-pagamento');
    assert.match(await page.locator('main').innerText(), /Comune di Pievelieta/);
    await ours(page).first().check();
    await theirs(page).first().check();
    const position = (await theirs(page).first().getAttribute('value')).split(':')[1];
    await page.getByRole('button', { name: 'Avvia pagamento' }).click();
    await clean(page, way, 'convenzione-riepilogo');
    assert.match(await page.locator('main').innerText(), /Comune di Pievelieta/);
    await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
    await page.waitForURL(/\/checkout\//);
    const checkout = await page.locator('main').innerText();
    assert.match(checkout, /Comune di Castelmirto/);
    assert.match(checkout, /Comune di Pievelieta/);
    await page.getByRole('button', { name: /^Paga/ }).click();
    await page.waitForURL(/\/pagamento\/esito\//);
    await clean(page, way, 'convenzione-esito');
    assert.match(await page.locator('h1').innerText(), /Pagamento ricevuto/);
    assert.equal(await page.locator('.chip--ok').count(), 2, 'the state of each notice');
    // The receipt of the other is the other's: here it is not there.
    const receipt = `/area-personale/avvisi/${position}/ricevuta.pdf`;
    assert.equal((await page.request.get(town.portal + receipt)).status(), 404);
    await signIn(page, town, /^Dora Quermonti/, { portal: town.otherPortal });
    assert.equal((await ask(page, town.otherPortal + receipt)).status, 200);
    const still = await ask(page, town.otherPortal + PAY);
    assert.ok(!still.text.includes(`value="${position}"`), 'it is paid there');
    await page.context().close();
  });
}

test('a browser that comes back with success pays nothing, and both notices are under way', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Dora Quermonti/);
  await page.goto(town.portal + PAY);
  await ours(page).first().check();
  await theirs(page).first().check();
  const position = (await theirs(page).first().getAttribute('value')).split(':')[1];
  await page.getByRole('button', { name: 'Avvia pagamento' }).click();
  await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
  await page.waitForURL(/\/checkout\//);
  await page.locator('#seguito').selectOption('mai');
  await page.getByRole('button', { name: /Esci senza esito/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
  assert.match(await page.locator('h1').innerText(), /aspettando la conferma/);
  assert.equal(await page.locator('main .chip--warn').count(), 2);
  await signIn(page, town, /^Dora Quermonti/, { portal: town.otherPortal });
  const there = await ask(page, town.otherPortal + PAY);
  assert.ok(!there.text.includes(`value="${position}"`) && /in corso/.test(there.text), 'under way in the other portal too');
  await page.context().close();
});

test('another person and an agreement that ended reach nothing of the other Comune', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Dora Quermonti/);
  await page.goto(town.portal + PAY);
  const value = await theirs(page).first().getAttribute('value');
  const nobodys = `c_z997:01900000-0000-7000-8000-000000000000`;
  const post = async (who, path, posizione) => {
    await who.goto(`${town.portal}/area-personale`);
    const csrf = await who.locator('input[name=csrf]').first().getAttribute('value');
    return ask(who, `${town.portal}${PAY}/${path}`, { form: { csrf, posizione } });
  };
  assert.equal((await post(page, 'riepilogo', value)).status, 200);
  const other = await open(town, { javaScript: false });
  await signIn(other, town, /^Marta Lorvandi/);
  for (const path of ['riepilogo', 'avvia']) {
    const [asked, none] = [await post(other, path, value), await post(other, path, nobodys)];
    assert.deepEqual([asked.status, none.status], [404, 404]);
    assert.equal(asked.text, none.text);
  }
  assert.equal((await agreement('leave')).code, 0);
  try {
    await page.goto(town.portal + PAY);
    assert.equal(await theirs(page).count(), 0);
    for (const path of ['riepilogo', 'avvia']) assert.equal((await post(page, path, value)).status, 404);
  } finally {
    await agreement('join', '--name', 'Convenzione Castelmirto - Pievelieta');
  }
  await forgive(page);
  await page.goto(town.portal + PAY);
  assert.ok(await theirs(page).count() > 0);
  await page.context().close();
  await other.context().close();
});
