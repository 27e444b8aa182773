// Chromium as a parent's phone or an office's desk, with the checks every page must pass.
import AxeBuilder from '@axe-core/playwright';
import { chromium } from 'playwright-core';
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };
const pictures = process.env.SCREENSHOTS ?? 'screenshots';

let launched;
export async function chrome() {
  launched ??= await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-background-networking', '--disable-component-update',
      '--disable-sync', '--no-first-run', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost, EXCLUDE localhost'],
  });
  return launched;
}

export async function close() {
  await launched?.close();
  launched = undefined;
}

/** A page whose console, network and policy violations are collected in `page.troubles`. */
export async function open(town, { viewport = PHONE, javaScript = true } = {}) {
  const browser = await chrome();
  const context = await browser.newContext({ viewport, locale: 'it-IT', timezoneId: 'Europe/Rome', javaScriptEnabled: javaScript });
  const page = await context.newPage();
  page.javaScript = javaScript;
  page.troubles = [];
  const ours = [town.portal, town.otherPortal, town.sandbox];
  page.on('console', (message) => { if (message.type() === 'error') page.troubles.push(message.text().slice(0, 200)); });
  page.on('pageerror', (error) => page.troubles.push(String(error)));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith('data:') && !ours.some((origin) => url.startsWith(origin))) page.troubles.push(`foreign ${url}`);
  });
  return page;
}

/** Forgets what the browser noted of refusals that were asked for, once the last note has come. */
export async function forgive(page) {
  await page.waitForLoadState('networkidle');
  page.troubles.splice(0);
}

/** The checks of every page: axe, no sideways scroll, one h1, a console clean but for `refusals`; and a picture to look at. */
export async function inspect(page, name, { axe = true, refusals } = {}) {
  const found = [];
  const width = page.viewportSize().width;
  await mkdir(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
  if (await page.locator('h1').count() !== 1) found.push(`${await page.locator('h1').count()} h1`);
  if (axe) {
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found.push(`scrolls ${wide} px sideways`);
    const result = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    for (const violation of result.violations) found.push(`axe ${violation.id}: ${violation.nodes[0]?.html.slice(0, 160)}`);
  }
  // The browser notes a refusal that is asked for, sometimes late.
  found.push(...page.troubles.splice(0).filter((trouble) => !refusals?.test(trouble)));
  return found;
}

/** Signs in through the sandbox's login page, as a person would: SPID, one click on the persona. */
export async function signIn(page, town, persona, { portal = town.portal, path = '/area-personale', scheme = 'SPID' } = {}) {
  await page.goto(portal + path);
  if (scheme === 'SPID') {
    await page.locator('summary', { hasText: 'Entra con SPID' }).click();
    await page.locator('.idp-menu a').first().click();
  } else await page.getByRole('link', { name: `Entra con ${scheme}` }).first().click();
  await onwards(page, /\/idp\/[a-z0-9-]+\/sso$/);
  await page.getByRole('button', { name: persona }).first().click();
  await onwards(page, (url) => url.origin === portal && !url.pathname.endsWith('/acs'));
}

/** A page that carries a signed message is sent on by script, or by its one button. */
async function onwards(page, where) {
  if (!page.javaScript) await page.getByRole('button', { name: 'Continua' }).click();
  return page.waitForURL(where);
}

/** What a link downloads, as the signed-in browser gets it. */
export async function download(page, locator) {
  const href = await locator.first().getAttribute('href');
  const answer = await page.request.get(new URL(href, page.url()).href);
  return { status: answer.status(), type: answer.headers()['content-type'], body: await answer.body() };
}

/** A request with this browser's cookies, to any host name of the demo: unlike Node's resolver, it knows *.localhost. */
export async function ask(page, address, { form } = {}) {
  const url = new URL(address);
  const cookies = (await page.context().cookies()).filter(({ domain }) => domain === url.hostname).map(({ name, value }) => `${name}=${value}`).join('; ');
  const headers = { host: url.host, cookie: cookies, accept: 'text/html', ...(form && { 'content-type': 'application/x-www-form-urlencoded' }) };
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: url.port, path: url.pathname + url.search, method: form ? 'POST' : 'GET', headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      resolve({ status: answer.statusCode, text });
    });
    asked.on('error', reject).end(form && String(new URLSearchParams(form)));
  });
}
