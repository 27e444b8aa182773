// Three parents do all seven services, on a phone and at a desk, with JavaScript and without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DESKTOP, PHONE, close, download, forgive, inspect, open, signIn } from './lib/browser.mjs';
import { start } from './lib/server.mjs';

const SERVICES = ['scheda-anagrafica', 'conto-corrente-virtuale', 'refezione-scolastica', 'pagamento', 'documenti-contabili', 'ricariche', 'comunicazioni-assenze'];
const PUBLIC = ['/', '/servizi', '/servizi/refezione-scolastica', '/accedi', '/privacy', '/note-legali', '/accessibilita', '/non-esiste'];
const WAYS = [
  { name: 'phone', viewport: PHONE, javaScript: true },
  { name: 'phone-nojs', viewport: PHONE, javaScript: false },
  { name: 'desk', viewport: DESKTOP, javaScript: true },
  { name: 'desk-nojs', viewport: DESKTOP, javaScript: false },
];
let town;

before(async () => { town = await start(); });
after(async () => {
  await close();
  assert.equal(await town.stop(), 0, 'SIGTERM ends with 0');
});

async function clean(page, way, name) {
  const found = await inspect(page, `${name}-${way.name}`, { axe: way.javaScript });
  assert.deepEqual(found, [], `${name} (${way.name}) ${page.url()}`);
}

/** The next working day from the day after tomorrow on, as a date field takes it. */
function workingDay(ahead) {
  const day = new Date();
  day.setDate(day.getDate() + ahead);
  while (day.getDay() === 0 || day.getDay() === 6) day.setDate(day.getDate() + 1);
  return day.toLocaleDateString('sv-SE');
}

for (const way of WAYS) {
  test(`everybody can look around (${way.name})`, async () => {
    const page = await open(town, way);
    for (const path of PUBLIC) {
      await page.goto(town.portal + path);
      if (path === '/non-esiste') await forgive(page);
      await clean(page, way, `pubblica${path.replaceAll('/', '-')}`);
    }
    await page.context().close();
  });

  test(`a parent of one child does all seven services (${way.name})`, async () => {
    const page = await open(town, way);
    await signIn(page, town, /^Marta Lorvandi/);
    await clean(page, way, 'marta-area');
    assert.match(await page.locator('h1').innerText(), /Ciao Marta/);
    for (const slug of SERVICES) {
      await page.goto(`${town.portal}/area-personale/${slug}`);
      await clean(page, way, `marta-${slug}`);
    }
    await recordAndStatement(page);
    await topUp(page, way);
    await spontaneous(page, way);
    await reportAndUndo(page, way);
    await page.getByRole('button', { name: 'Esci' }).click();
    await page.goto(`${town.portal}/area-personale`);
    assert.match(page.url(), /\/accedi/);
    await page.context().close();
  });

  test(`a parent of three children keeps the chosen child from page to page (${way.name})`, async () => {
    const page = await open(town, way);
    await signIn(page, town, /^Laura Montofani/);
    await page.goto(`${town.portal}/area-personale/refezione-scolastica`);
    const links = page.locator('.switcher a');
    assert.equal(await links.count(), 3);
    const name = (await links.nth(1).innerText()).trim();
    await links.nth(1).click();
    await clean(page, way, 'laura-refezione');
    await page.goto(`${town.portal}/area-personale/conto-corrente-virtuale`);
    assert.equal((await page.locator('.switcher a[aria-current]').innerText()).trim(), name);
    for (const slug of SERVICES) {
      await page.goto(`${town.portal}/area-personale/${slug}`);
      await clean(page, way, `laura-${slug}`);
    }
    await page.context().close();
  });

  test(`a billed parent pays, and the receipt comes (${way.name})`, async () => {
    const page = await open(town, way);
    await signIn(page, town, /^Enrico Galquadri/);
    for (const slug of SERVICES) {
      await page.goto(`${town.portal}/area-personale/${slug}`);
      await clean(page, way, `enrico-${slug}`);
    }
    await documents(page);
    await payOne(page, way);
    await toldInApp(page, way);
    await page.context().close();
  });
}

/** The payment stands among the messages, and says so once app IO has it too. */
async function toldInApp(page, way) {
  const words = () => page.locator('main').innerText();
  for (let tries = 0; tries < 60; tries++) {
    await page.goto(`${town.portal}/area-personale/messaggi`);
    if (/Inviato anche in app IO/.test(await words())) break;
    await page.waitForTimeout(500);
  }
  assert.match(await words(), /Pagamento ricevuto[\s\S]*Inviato anche in app IO il/);
  await clean(page, way, 'messaggi');
}

async function recordAndStatement(page) {
  await page.goto(`${town.portal}/area-personale/scheda-anagrafica`);
  assert.match(await page.locator('main').innerText(), /delibera n\./, 'the tariff names its resolution');
  await page.goto(`${town.portal}/area-personale/conto-corrente-virtuale`);
  const pdf = await download(page, page.getByRole('link', { name: /Estratto conto/ }));
  assert.equal(pdf.body.subarray(0, 5).toString(), '%PDF-');
  const csv = await download(page, page.getByRole('link', { name: /CSV/ }));
  assert.match(csv.body.toString(), /Saldo/);
  for (const [query, words] of [['da=2026-05-01&a=2026-01-01', /data di fine viene prima/], ['da=2024-01-01&a=2026-01-01', /al massimo 12 mesi/], ['da=31/02/2026&a=2026-03-01', /data valida/]]) {
    const answer = await page.goto(`${town.portal}/area-personale/conto-corrente-virtuale?${query}`);
    assert.equal(answer.status(), 422, query);
    assert.match(await page.locator('.error-summary').innerText(), words);
  }
  await forgive(page);
}

async function topUp(page, way) {
  await page.goto(`${town.portal}/area-personale/ricariche`);
  for (const wrong of ['1e9', '-5', '10,555', '١٠', '']) {
    await page.locator('label[for=i-altro]').click();
    await page.locator('#altro_importo').fill(wrong);
    await page.getByRole('button', { name: 'Conferma' }).click();
    assert.match(await page.locator('.error-summary').innerText(), /importo valido/);
    assert.equal(await page.locator('#altro_importo').inputValue(), wrong, 'what was typed is kept');
  }
  await forgive(page);
  await clean(page, way, 'ricarica-errore');
  await page.locator('#altro_importo').fill('25,50');
  await page.getByRole('button', { name: 'Conferma' }).click();
  await clean(page, way, 'ricarica-riepilogo');
  await page.getByRole('button', { name: /Stampa l'avviso/ }).click();
  await clean(page, way, 'ricarica-avviso');
  const notice = await download(page, page.getByRole('link', { name: /Avviso/ }));
  assert.equal(notice.body.subarray(0, 5).toString(), '%PDF-');
  await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
  await page.waitForURL(/\/checkout\//);
  await page.getByRole('button', { name: /^Paga/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
  assert.match(await page.locator('h1').innerText(), /Pagamento ricevuto/);
}

const SPONTANEO = '/area-personale/pagamento/spontaneo';

async function spontaneous(page, way) {
  await page.goto(`${town.portal}/area-personale/pagamento`);
  await page.getByRole('link', { name: 'Scegli cosa pagare' }).click();
  await clean(page, way, 'spontaneo');
  await page.getByRole('link', { name: 'Contributo volontario' }).first().click();
  for (const wrong of ['1e9', '-5', '10,555', '١٠', '', '0,99', '500,01']) {
    await page.locator('#importo').fill(wrong);
    await page.getByRole('button', { name: 'Continua' }).click();
    assert.match(await page.locator('.error-summary').innerText(), /importo valido.*Da 1,00 € a 500,00 €/);
    assert.equal(await page.locator('#importo').inputValue(), wrong, 'what was typed is kept');
  }
  await forgive(page);
  await clean(page, way, 'spontaneo-errore');
  await page.locator('#importo').fill('12,50');
  await page.getByRole('button', { name: 'Continua' }).click();
  await clean(page, way, 'spontaneo-riepilogo');
  const form = await formOf(page);
  await page.getByRole('button', { name: /Stampa l'avviso/ }).click();
  await page.waitForURL(/spontaneo\/avviso\//);
  await clean(page, way, 'spontaneo-avviso');
  const twice = await page.request.post(`${town.portal}${SPONTANEO}/conferma`, { form: { ...form, modo: 'avviso' } });
  assert.equal(twice.url(), page.url(), 'a form sent twice is one position');
  const notice = await download(page, page.getByRole('link', { name: /Avviso/ }));
  assert.equal(notice.body.subarray(0, 5).toString(), '%PDF-');
  await page.getByRole('button', { name: /annulla/ }).click();
  assert.match(await page.locator('h1').innerText(), /Pagamento annullato/);
  await clean(page, way, 'spontaneo-annullato');
  await badge(page, way);
}

/** Two badges for a pupil, paid at once; among what is to pay until then. */
async function badge(page, way) {
  await page.goto(`${town.portal}${SPONTANEO}/causale/BADGE`);
  for (const wrong of ['0', '4', '1e0', '-1', '٢', '']) {
    await page.locator('#pezzi').fill(wrong);
    await page.getByRole('button', { name: 'Continua' }).click();
    assert.match(await page.locator('.error-summary').innerText(), /da 1 a 3/);
  }
  await forgive(page);
  await page.locator('#pezzi').fill('2');
  await page.getByRole('button', { name: 'Continua' }).click();
  assert.match(await page.locator('main').innerText(), /10,00 €/);
  const form = await formOf(page);
  await page.getByRole('button', { name: /Stampa l'avviso/ }).click();
  const own = page.url();
  await page.goto(`${town.portal}/area-personale/pagamento`);
  await clean(page, way, 'spontaneo-da-pagare');
  assert.ok(await page.locator('.pay-row', { hasText: 'Duplicato del badge (2 pezzi)' }).count() >= 1);
  const clicks = await Promise.all([1, 2].map(() => page.request.post(`${town.portal}${SPONTANEO}/conferma`, { form: { ...form, modo: 'adesso' }, maxRedirects: 0 })));
  assert.equal(new Set(clicks.map((answer) => answer.headers().location)).size, 1, 'two clicks, one cart');
  await page.goto(clicks[0].headers().location);
  await page.getByRole('button', { name: /^Paga/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
  assert.match(await page.locator('h1').innerText(), /Pagamento ricevuto/);
  await page.goto(own);
  await clean(page, way, 'spontaneo-pagato');
  const receipt = await download(page, page.getByRole('link', { name: /Ricevuta/ }));
  assert.equal(receipt.body.subarray(0, 5).toString(), '%PDF-');
}

async function formOf(page) {
  const inputs = await page.locator('main form[method=post] input[type=hidden]').all();
  return Object.fromEntries(await Promise.all(inputs.map(async (i) => [await i.getAttribute('name'), await i.inputValue()])));
}

async function reportAndUndo(page, way) {
  await page.goto(`${town.portal}/area-personale/comunicazioni-assenze`);
  const day = workingDay(6);
  await page.locator('label[for=q-giorni]').click();
  await page.locator('#da').fill(day);
  await page.locator('#a').fill(day);
  await page.getByRole('button', { name: /Segnala l'assenza/ }).click();
  const words = await page.locator('main').innerText();
  await clean(page, way, 'assenza-esito');
  if (!/comunicata con successo/.test(words)) return assert.match(words, /non c'è mensa|non si ferma/);
  assert.match(words, /A-20\d\d-\d{6}/);
  const receipt = await download(page, page.getByRole('link', { name: /Ricevuta firmata/ }));
  assert.equal(receipt.body.subarray(0, 5).toString(), '%PDF-');
  await page.getByRole('button', { name: /Annulla/ }).first().click();
  assert.match(await page.locator('main').innerText(), /è annullata/);
}

async function documents(page) {
  await page.goto(`${town.portal}/area-personale/documenti-contabili?stato=da-pagare`);
  assert.match(await page.locator('.pager').innerText(), /Trovat[oi] \d+ risultat[oi], pagina 1 di \d+/);
  const notice = await download(page, page.locator('table.records').getByRole('link', { name: /Avviso/ }));
  assert.equal(notice.body.subarray(0, 5).toString(), '%PDF-');
  await page.locator('table.records tbody th a').first().click();
  assert.match(await page.locator('h1').innerText(), /Documento/);
}

async function payOne(page, way) {
  await page.goto(`${town.portal}/area-personale/pagamento`);
  await page.getByRole('button', { name: 'Avvia pagamento' }).click();
  assert.match(await page.locator('.error-summary').innerText(), /almeno un avviso/);
  await forgive(page);
  const first = page.locator('.pay-row label.choice').first();
  const title = await first.locator('.title').innerText();
  await first.click();
  if (way.javaScript) assert.match(await page.locator('.js-total').innerText(), /€/);
  await page.getByRole('button', { name: 'Avvia pagamento' }).click();
  await clean(page, way, 'pagamento-riepilogo');
  assert.ok((await page.locator('main').innerText()).includes(title.split(' ')[0]));
  await page.getByRole('button', { name: /Paga con pagoPA/ }).click();
  await page.waitForURL(/\/checkout\//);
  await page.getByRole('button', { name: /^Paga/ }).click();
  await page.waitForURL(/\/pagamento\/esito\//);
  await clean(page, way, 'pagamento-esito');
  assert.match(await page.locator('h1').innerText(), /Pagamento ricevuto/);
  const receipt = await download(page, page.getByRole('link', { name: /Ricevuta/ }));
  assert.equal(receipt.body.subarray(0, 5).toString(), '%PDF-');
}

test('the history of the guide: nine documents, one to pay', async () => {
  const page = await open(town);
  await signIn(page, town, /^Silvia Belloni/);
  await page.goto(`${town.portal}/area-personale/documenti-contabili`);
  assert.match(await page.locator('.pager').innerText(), /Trovati 9 risultati, pagina 1 di 1/);
  assert.equal(await page.locator('table.records tbody tr').count(), 9);
  assert.equal(await page.getByText('120077').count(), 1);
  await page.context().close();
});

test('the five rows of the guide can be chosen, a sixth is refused by the server too', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Ivan Belloni/);
  await page.goto(`${town.portal}/area-personale/pagamento`);
  assert.equal(await page.locator('.pay-row input[type=checkbox]').count(), 5);
  const csrf = await page.locator('form[data-pay] input[name=csrf]').inputValue();
  const boxes = await page.locator('.pay-row input[type=checkbox]').all();
  const ids = await Promise.all(boxes.map((box) => box.getAttribute('value')));
  const form = new URLSearchParams({ csrf });
  for (const id of ids) form.append('posizione', id);
  form.append('posizione', '00000000-0000-7000-8000-000000000009');
  const answer = await page.request.post(`${town.portal}/area-personale/pagamento/riepilogo`, { data: form.toString(), headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal(answer.status(), 422);
  assert.match(await answer.text(), /al massimo 5 avvisi/);
  await page.context().close();
});

test('somebody related to nobody is told so, and a company too', async () => {
  const page = await open(town);
  await signIn(page, town, /^Ugo Nartorelli/);
  assert.match(await page.locator('h1').innerText(), /Consultazione non possibile/);
  await forgive(page);
  assert.deepEqual(await inspect(page, 'consultazione-non-possibile'), []);
  await page.context().close();
  const other = await open(town);
  await signIn(other, town, /^Corte Mirtilla/).catch(() => {});
  assert.match(await other.locator('h1').innerText(), /identità personale/);
  await other.context().close();
});

test('the second Comune has its own name, and the first one its own families', async () => {
  const page = await open(town);
  await signIn(page, town, /^Roberta Salmandi/, { portal: town.otherPortal });
  assert.match(await page.locator('.site-header').innerText(), /Pievelieta/);
  assert.deepEqual(await inspect(page, 'pievelieta'), []);
  await page.context().close();
});

test('a form sent after the session ended is kept and comes back after sign-in', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Marta Lorvandi/);
  await page.goto(`${town.portal}/area-personale/comunicazioni-assenze`);
  await page.locator('label[for=q-giorni]').click();
  const day = workingDay(9);
  await page.locator('#da').fill(day);
  await page.locator('#a').fill(day);
  await page.context().clearCookies({ name: 'campanella_session' });
  const [answer] = await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST'), page.getByRole('button', { name: /Segnala l'assenza/ }).click()]);
  assert.equal(answer.status(), 401);
  assert.match(await page.locator('h1').innerText(), /sessione è scaduta/);
  await page.getByRole('link', { name: 'Accedi di nuovo' }).click();
  await page.locator('summary', { hasText: 'Entra con SPID' }).click();
  await page.locator('.idp-menu a').first().click();
  await page.getByRole('button', { name: 'Continua' }).click();
  await page.getByRole('button', { name: /^Marta Lorvandi/ }).click();
  await page.getByRole('button', { name: 'Continua' }).click();
  assert.equal(await page.locator('#da').inputValue(), day);
  assert.match(await page.locator('main').innerText(), /Abbiamo conservato/);
  await page.context().close();
});

test('a choice sent after the session ended comes back with what was typed', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Marta Lorvandi/);
  await page.goto(`${town.portal}${SPONTANEO}/causale/CONTRIBUTO`);
  await page.locator('#importo').fill('33,30');
  await page.context().clearCookies({ name: 'campanella_session' });
  await page.getByRole('button', { name: 'Continua' }).click();
  assert.match(await page.locator('h1').innerText(), /sessione è scaduta/);
  await page.getByRole('link', { name: 'Accedi di nuovo' }).click();
  await page.locator('summary', { hasText: 'Entra con SPID' }).click();
  await page.locator('.idp-menu a').first().click();
  await page.getByRole('button', { name: 'Continua' }).click();
  await page.getByRole('button', { name: /^Marta Lorvandi/ }).click();
  await page.getByRole('button', { name: 'Continua' }).click();
  assert.equal(await page.locator('#importo').inputValue(), '33,30');
  assert.match(await page.locator('main').innerText(), /Abbiamo conservato/);
  await page.context().close();
});

test('a tampered token changes nothing', async () => {
  const page = await open(town, { javaScript: false });
  await signIn(page, town, /^Marta Lorvandi/);
  const answer = await page.request.post(`${town.portal}/area-personale/comunicazioni-assenze`, { form: { csrf: 'x', quando: 'domani' } });
  assert.equal(answer.status(), 403);
  assert.match(await answer.text(), /non era più valida/);
  await page.context().close();
});

test('cancelling at the identity provider and at the Checkout lead to words and a way on', async () => {
  const page = await open(town);
  await page.goto(`${town.portal}/accedi`);
  await page.getByRole('link', { name: 'Entra con CIE' }).click();
  await page.waitForURL(/\/sso$/);
  await page.getByRole('button', { name: /Annulla l'accesso/ }).click();
  await page.waitForURL(/\/cie\/acs$/);
  assert.match(await page.locator('h1').innerText(), /Hai interrotto l'accesso/);
  await forgive(page);
  assert.deepEqual(await inspect(page, 'accesso-interrotto'), []);
  await page.context().close();
});
