// Businesses with a password, staff with a second factor, and everybody's sessions: on a phone and at a desk, with JavaScript and
// without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, close, forgive, inspect, open, signIn } from './lib/browser.mjs';
import { command, start } from './lib/server.mjs';
import { previousCode, totp } from './lib/totp.mjs';

const WAYS = [
  { name: 'phone', viewport: PHONE, javaScript: true },
  { name: 'phone-nojs', viewport: PHONE, javaScript: false },
  { name: 'desk', viewport: DESKTOP, javaScript: true },
  { name: 'desk-nojs', viewport: DESKTOP, javaScript: false },
];
const VAT = '80000230005';
const COMUNE = 'c_z998';
const PASSWORD = 'tre pecore sul tetto';
let town, tenant;

before(async () => {
  town = await start();
  const { output } = await command('verify', '--database', town.database);
  assert.match(output, /all hold/);
  tenant = ['--database', town.database, '--tenant', COMUNE];
});
after(async () => {
  await close();
  assert.equal(await town.stop(), 0, 'SIGTERM ends with 0');
});

async function clean(page, way, name) {
  const found = await inspect(page, `${name}-${way.name}`, { axe: way.javaScript, refusals: /status of (401|422|429|404)/ });
  assert.deepEqual(found, [], `${name} (${way.name}) ${page.url()}`);
}

async function link(...words) {
  const { code, output } = await command(...words, ...tenant, '--print-link');
  assert.equal(code, 0, output);
  return output.trim().split('\n').at(-1);
}

async function press(page, name) {
  await page.locator('main').getByRole('button', { name }).first().click();
}

async function choose(page, address) {
  await page.goto(address);
  await page.getByLabel('Nuova password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Ripeti la nuova password').fill(PASSWORD);
  await press(page, 'Salva la password');
}

async function withPassword(page, path, userName, password) {
  await page.goto(town.portal + path);
  await page.getByLabel(/Partita IVA|Indirizzo di posta/).fill(userName);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await press(page, 'Entra');
}

for (const way of WAYS) {
  test(`an invited business chooses a password and sees its own documents and payments (${way.name})`, async () => {
    const page = await open(town, way);
    const address = await link('business', 'invite', '--vat', VAT, '--email', 'amministrazione@mirtilla.example');
    await page.goto(address);
    await clean(page, way, 'impresa-scegli');
    await page.getByLabel('Nuova password', { exact: true }).fill('corta');
    await page.getByLabel('Ripeti la nuova password').fill('corta');
    await press(page, 'Salva la password');
    assert.match(await page.locator('main').innerText(), /almeno 12 caratteri/);
    await clean(page, way, 'impresa-scegli-errore');
    await choose(page, address);
    await page.waitForURL(`${town.portal}/area-personale`);
    await clean(page, way, 'impresa-area');
    for (const path of ['documenti-contabili', 'pagamento']) {
      await page.goto(`${town.portal}/area-personale/${path}`);
      assert.match(await page.locator('main').innerText(), /€/, `${path} has something to show`);
      await clean(page, way, `impresa-${path}`);
    }
    await page.goto(address);
    assert.match(await page.locator('h1').innerText(), /non è più valido/);
    await clean(page, way, 'impresa-collegamento-usato');
    await page.getByRole('button', { name: 'Esci' }).click();
    await page.goto(`${town.portal}/accedi`);
    await page.getByRole('link', { name: 'Imprese: utente e password' }).click();
    await clean(page, way, 'impresa-accedi');
    await withPassword(page, '/accedi/imprese', VAT, PASSWORD);
    await page.waitForURL(`${town.portal}/area-personale`);
    await page.getByRole('link', { name: 'Accessi' }).first().click();
    await clean(page, way, 'impresa-accessi');
    await page.getByRole('link', { name: 'Cambia la password' }).click();
    await clean(page, way, 'impresa-cambia-password');
    await page.goto(`${town.portal}/area-personale`);
    await page.getByRole('button', { name: 'Esci' }).click();
    await page.goto(`${town.portal}/area-personale`);
    assert.match(page.url(), /\/accedi/);
    await page.context().close();
  });

  test(`wrong passwords are slowed, with the time to wait (${way.name})`, async () => {
    const page = await open(town, way);
    const nobody = `0119925${WAYS.indexOf(way)}158`;
    for (let n = 0; n < 5; n += 1) {
      await withPassword(page, '/accedi/imprese', nobody, 'sbagliata sbagliata');
      assert.match(await page.locator('main').innerText(), /non sono corrette/);
      if (n === 0) await clean(page, way, 'impresa-sbagliata');
    }
    await withPassword(page, '/accedi/imprese', nobody, 'sbagliata sbagliata');
    assert.match(await page.locator('main').innerText(), /Puoi riprovare tra 1[12] minuti/);
    await clean(page, way, 'impresa-aspetta');
    await page.goto(`${town.portal}/accedi/imprese/password-dimenticata`);
    await clean(page, way, 'impresa-dimenticata');
    await page.getByLabel('Partita IVA').fill(VAT);
    await press(page, 'Inviami il collegamento');
    await clean(page, way, 'impresa-dimenticata-inviata');
    await page.context().close();
  });

  test(`staff enter with a code, or a recovery code (${way.name})`, async () => {
    const page = await open(town, way);
    const email = `ada.${way.name}@comune.example`;
    await choose(page, await link('staff', 'invite', '--email', email, '--name', 'Ada Neri', '--role', 'operator'));
    await page.waitForURL(/\/attivazione$/);
    await clean(page, way, 'ufficio-attivazione');
    const key = await page.locator('.factor-text').innerText();
    await page.getByLabel('Codice', { exact: true }).fill(await previousCode(key));
    await press(page, 'Attiva');
    await clean(page, way, 'ufficio-codici');
    const codes = await page.locator('.recovery-codes code').allInnerTexts();
    assert.equal(codes.length, 10);
    await page.getByRole('link', { name: 'Li ho conservati' }).click();
    assert.match(await page.locator('main').innerText(), /Ada Neri[\s\S]*Ufficio servizi scolastici[\s\S]*Ne restano 10/);
    await clean(page, way, 'ufficio');
    await page.getByRole('button', { name: 'Esci', exact: true }).click();
    await page.waitForURL(/\/ufficio\/accedi$/);
    await clean(page, way, 'ufficio-accedi');
    await withPassword(page, '/ufficio/accedi', email, PASSWORD);
    await page.waitForURL(/\/codice$/);
    await clean(page, way, 'ufficio-codice');
    await page.getByLabel('Codice', { exact: true }).fill('000000');
    await press(page, 'Entra');
    assert.match(await page.locator('main').innerText(), /non è valido/);
    await clean(page, way, 'ufficio-codice-sbagliato');
    await page.getByLabel('Codice', { exact: true }).fill(totp(key));
    await press(page, 'Entra');
    await page.waitForURL(/\/ufficio$/);
    await press(page, 'Esci da tutti i dispositivi');
    await withPassword(page, '/ufficio/accedi', email, PASSWORD);
    await page.getByLabel('Codice', { exact: true }).fill(codes[4]);
    await press(page, 'Entra');
    await page.waitForURL(/\/ufficio$/);
    assert.match(await page.locator('main').innerText(), /Ne restano 9[\s\S]*Usato un codice di recupero/);
    await command('staff', 'revoke', ...tenant, '--email', email);
    await page.goto(`${town.portal}/ufficio`);
    await forgive(page);
    assert.match(await page.locator('h1').innerText(), /Nessun ruolo/);
    await clean(page, way, 'ufficio-senza-ruolo');
    await page.context().close();
  });

  test(`a parent sees their sessions and ends them (${way.name})`, async () => {
    const [here, there] = [await open(town, way), await open(town, way)];
    await signIn(here, town, /^Marta Lorvandi/);
    await signIn(there, town, /^Marta Lorvandi/);
    await here.goto(`${town.portal}/area-personale/accessi`);
    await clean(here, way, 'marta-accessi');
    assert.match(await here.locator('main').innerText(), /Chrome · Linux[\s\S]*Con SPID[\s\S]*Accesso con SPID/);
    if (!way.javaScript) assert.match(await here.locator('.session-line').innerText(), /dura fino alle \d+:\d\d/);
    await press(here, /^Termina/);
    await there.goto(`${town.portal}/area-personale`);
    assert.match(there.url(), /\/accedi/);
    await press(here, 'Esci da tutti i dispositivi');
    await here.goto(`${town.portal}/area-personale`);
    assert.match(here.url(), /\/accedi/);
    await here.context().close();
    await there.context().close();
  });
}

test('two minutes before the end a question is asked, and the session goes on', async () => {
  const page = await open(town, WAYS[0]);
  await page.clock.install();
  await signIn(page, town, /^Marta Lorvandi/);
  await page.clock.fastForward('27:00');
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.clock.fastForward('01:30');
  await page.getByRole('dialog', { name: 'Sei ancora qui?' }).waitFor();
  const picture = await inspect(page, 'sessione-avviso-phone');
  assert.deepEqual(picture, []);
  const asked = page.waitForResponse(/\/accessi\/resta$/);
  await page.getByRole('button', { name: 'Resta connesso' }).click();
  assert.ok(Number(await (await asked).text()) > 1700);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.context().close();
});

test('the demo prints accounts that work', async () => {
  const page = await open(town, WAYS[2]);
  const said = town.output.match(/\/ufficio\/accedi\s+utente (\S+), password «(.+)», chiave dei codici (\S+)/);
  assert.ok(said, town.output);
  await withPassword(page, '/ufficio/accedi', said[1], said[2]);
  await page.getByLabel('Codice', { exact: true }).fill(totp(said[3]));
  await press(page, 'Entra');
  await page.waitForURL(/\/ufficio$/);
  assert.match(town.output, new RegExp(`/accedi/imprese\\s+utente ${VAT}, password «`));
  await page.context().close();
});
