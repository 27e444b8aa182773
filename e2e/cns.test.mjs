// Sign-in by card over real handshakes: curl shows cards to the demo's listener.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { PHONE, chrome, close, inspect } from './lib/browser.mjs';
import { binary, command, start } from './lib/server.mjs';

const run = promisify(execFile);
let town, folder, listener;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const SECRET = 'a secret of the proxy and the program';

async function secrets() {
  for (const [name, text] of [['secret', SECRET], ['short', 'short'], ['key', '0f'.repeat(32)]]) await writeFile(join(folder, name), text, { mode: 0o600 });
}

/** A configuration for `serve` on the demo's lists, with a database of its own. */
async function configure(name, settings, { trust = 'authorities.pem' } = {}) {
  await secrets();
  const file = join(folder, name);
  await writeFile(file, `listen = '127.0.0.1:${await freePort()}'
database = 'sqlite:${folder}/serve.sqlite'
key_file = '${folder}/key'
[cns]
public_url = 'https://carta.example'
trust_list_file = '${join(folder, trust)}'
crl_folder = '${folder}/crl'
crl_max_age_hours = 24
${settings}
`);
  return file;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'campanella-cns-'));
  const port = await freePort();
  listener = `https://127.0.0.1:${port}`;
  town = await start({ more: ['--cns', `127.0.0.1:${port}`, '--cns-folder', folder] });
});
after(async () => {
  await close();
  await town?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** From the portal's button to the end of the redirects, with a card (or none); a fresh browser each time. */
async function enter(card, { more = [], jar } = {}) {
  const cookies = jar ?? join(folder, `jar-${Math.random()}`);
  const args = ['--silent', '--show-error', '--location', '--max-time', '20', '--cacert', join(folder, 'server-authority.pem'), '--cookie-jar', cookies,
    '--cookie', cookies, '--write-out', '\n%{http_code} %{url_effective}', ...(card ? ['--cert', join(folder, card)] : []), ...more, `${town.portal}/cns/login`];
  const { stdout } = await run('curl', args, { maxBuffer: 8e6 });
  const [status, url] = stdout.slice(stdout.lastIndexOf('\n') + 1).split(' ');
  return { status: Number(status), url, text: stdout };
}

test('a card in force ends in the personal area with its holder\'s name, by TLS 1.3 and 1.2', async () => {
  for (const more of [['--tlsv1.3'], ['--tls-max', '1.2']]) {
    const { status, url, text } = await enter('carta-marta-lorvandi.pem', { more });
    assert.equal(status, 200, text.slice(0, 500));
    assert.equal(url, `${town.portal}/area-personale`);
    assert.match(text, /Marta Lorvandi/);
  }
});

test('every persona who is a person has a card', async () => {
  const cards = (await readdir(folder)).filter((name) => name.startsWith('carta-'));
  assert.ok(cards.length >= 8, cards.join(' '));
});

test('a card that must not enter meets a page that says why', async () => {
  const cases = [
    [null, 401, 'Non abbiamo visto nessuna carta'], ['carta-revocata.pem', 403, 'La carta è revocata o sospesa'], ['carta-scaduta.pem', 403, 'La carta è scaduta'],
    ['carta-senza-policy.pem', 403, 'Questo certificato non è una CNS'], ['carta-di-un-altra-autorita.pem', 403, 'Questa carta non è una CNS'],
  ];
  for (const [card, status, words] of cases) {
    const answer = await enter(card);
    assert.equal(answer.status, status, words);
    assert.ok(answer.url.startsWith(listener), answer.url);
    assert.match(answer.text, new RegExp(`<h1>${words}</h1>`));
  }
});

test('a card made by hand with openssl under another authority is no card', async () => {
  const [key, request, forged, extensions] = ['forged.key', 'forged.csr', 'forged.pem', 'forged.ext'].map((name) => join(folder, name));
  const [authorityKey, authority] = ['evil.key', 'evil.pem'].map((name) => join(folder, name));
  // The same name as the demo's authority, policy and use as on a true card.
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', authorityKey, '-out', authority, '-days', '2',
    '-subj', '/C=IT/O=Campanella, prova/CN=Carta di prova della dimostrazione']);
  await run('openssl', ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', request, '-subj', '/C=IT/CN=RSSMRA85T10A562S\\/1.prova']);
  await writeFile(extensions, 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\ncertificatePolicies=1.3.76.16.2.1\n');
  await run('openssl', ['x509', '-req', '-in', request, '-CA', authority, '-CAkey', authorityKey, '-CAcreateserial', '-days', '1', '-extfile', extensions, '-out', forged]);
  const answer = await enter('forged.pem', { more: ['--key', key] });
  assert.equal(answer.status, 403);
  assert.match(answer.text, /Questa carta non è una CNS/);
});

test('a certificate without its key does not even get through the handshake', async () => {
  await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'any.key'), '-out', join(folder, 'any.pem'), '-days', '2', '-subj', '/CN=x']);
  await assert.rejects(enter('carta-marta-lorvandi.pem', { more: ['--key', join(folder, 'any.key')] }));
});

test('a ticket of one browser opens nothing in another', async () => {
  const jar = join(folder, 'jar-victim');
  const args = ['--silent', '--max-time', '20', '--cacert', join(folder, 'server-authority.pem'), '--cookie-jar', jar, '--cookie', jar];
  const location = async (...more) => (await run('curl', [...args, '--output', '/dev/null', '--write-out', '%{redirect_url}', ...more])).stdout;
  const shown = await location('--cert', join(folder, 'carta-marta-lorvandi.pem'), await location(`${town.portal}/cns/login`));
  assert.match(shown, /\/cns\/entra\?ticket=[0-9a-f]{64}$/);
  assert.equal((await fetch(shown, { redirect: 'manual' })).status, 403);
  assert.equal(await location(shown), `${town.portal}/area-personale`, 'in its own browser it still does');
  assert.equal(await location(shown), '', 'once');
});

test('the portal never looks at a certificate in a header', async () => {
  const headers = { 'x-cns-certificate': 'x', 'x-cns-secret': 'x', 'x-ssl-client-cert': 'x' };
  const answer = await fetch(`${town.portal}/area-personale`, { headers, redirect: 'manual' });
  assert.equal(answer.status, 303);
  assert.match(answer.headers.get('location'), /^\/accedi/);
});

test('the operator sees each list, its issuer and age, and whose cards cannot enter', async () => {
  const config = await configure('status.toml', `listen = '127.0.0.1:1'`);
  const good = await command('cns', 'status', '--config', config);
  assert.match(good.output, /^fresh +prova\.crl: C=IT, O=Campanella, prova, CN=Carta di prova della dimostrazione; of \d{4}-\d\d-\d\d \d\d:\d\d UTC, 0 h old, next \d{4}/m);
  assert.equal(good.code, 0, good.output);
  await writeFile(join(folder, 'crl', 'words.crl'), 'words');
  await writeFile(join(folder, 'two.pem'), await readFile(join(folder, 'authorities.pem'), 'utf8') + await readFile(join(folder, 'server-authority.pem'), 'utf8'));
  const bad = await command('cns', 'status', '--config', await configure('two.toml', '', { trust: 'two.pem' }));
  await rm(join(folder, 'crl', 'words.crl'));
  assert.match(bad.output, /^UNUSABLE +words\.crl: /m);
  assert.match(bad.output, /^NO FRESH LIST +.*CN=Server di prova/m);
  assert.equal(bad.code, 1);
});

test('behind a proxy the listener is bound to this machine and believes only who knows the secret', async () => {
  const socket = join(folder, 'cns.sock');
  for (const [settings, words] of [
    [`proxy_listen = '0.0.0.0:1'\nproxy_secret_file = '${folder}/secret'`, /loopback address or unix/], [`proxy_listen = 'unix:${socket}'`, /proxy_secret_file/],
    [`proxy_listen = 'unix:${socket}'\nproxy_secret_file = '${folder}/short'`, /fewer than 32/], ['', /either cns\.listen or cns\.proxy_listen/],
    [`listen = '127.0.0.1:0'`, /server_certificate_file/],
  ]) {
    const { code, output } = await command('serve', '--config', await configure('refused.toml', settings));
    assert.equal(code, 1, output);
    assert.match(output, words);
  }
  const server = spawn(binary, ['serve', '--config', await configure('proxy.toml', `proxy_listen = 'unix:${socket}'\nproxy_secret_file = '${folder}/secret'`)],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    await once(server.stdout, 'data');
    const card = encodeURIComponent(await readFile(join(folder, 'carta-marta-lorvandi.pem'), 'utf8').then((pem) => pem.slice(0, pem.indexOf('-----BEGIN PRIVATE'))));
    const ask = async (...headers) => (await run('curl', ['--silent', '--max-time', '10', '--unix-socket', socket, ...headers.flatMap((h) => ['--header', h]),
      '--write-out', '\n%{http_code}', 'http://carta/?accesso=nobodys'])).stdout;
    const outsider = await ask(`x-cns-certificate: ${card}`);
    assert.match(outsider, /<h1>Questo indirizzo non si apre da qui<\/h1>[^]*\n403$/);
    assert.match(await ask(`x-cns-certificate: ${card}`, 'x-cns-secret: wrong'), /<h1>Questo indirizzo non si apre da qui<\/h1>/);
    assert.match(await ask(`x-cns-certificate: ${card}`, `x-cns-secret: ${SECRET}`), /<h1>L(&#39;|')accesso non è più valido<\/h1>[^]*\n403$/);
  } finally {
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
});

test('in a browser: the sign-in page offers the card, no card meets words, a card gets in', async () => {
  const card = join(folder, 'carta-marta-lorvandi.pem');
  for (const clientCertificates of [undefined, [{ origin: listener, certPath: card, keyPath: card }]]) {
    const context = await (await chrome()).newContext({ viewport: PHONE, locale: 'it-IT', ignoreHTTPSErrors: true, clientCertificates });
    const page = Object.assign(await context.newPage(), { troubles: [] });
    await page.goto(`${town.portal}/accedi`);
    assert.deepEqual(await inspect(page, 'cns-accedi'), []);
    await page.getByRole('link', { name: 'Entra con CNS' }).click();
    await page.waitForLoadState();
    if (clientCertificates) {
      assert.equal(page.url(), `${town.portal}/area-personale`);
      assert.match(await page.locator('header').first().innerText(), /Marta Lorvandi/);
    } else {
      assert.match(await page.locator('h1').innerText(), /Non abbiamo visto nessuna carta/);
      assert.deepEqual(await inspect(page, 'cns-nessuna-carta'), []);
      await page.getByRole('link', { name: 'Scegli un altro modo' }).click();
      assert.ok(page.url().startsWith(`${town.portal}/accedi`));
    }
    await context.close();
  }
});

test('nginx of the same machine passes cards on, its handshake and our checks', async (t) => {
  if (await run('nginx', ['-v']).then(() => false, () => true)) return t.skip('nginx is not installed');
  await town.kill('SIGTERM');
  const [port, socket] = [await freePort(), join(folder, 'nginx.sock')];
  const config = await configure('nginx.toml', `proxy_listen = 'unix:${socket}'\nproxy_secret_file = '${folder}/secret'`);
  const text = (await readFile(config, 'utf8')).replace(/^listen = .*/m, `listen = '${new URL(town.portal).host}'`).replace(/^database = .*/m, `database = '${town.database}'`)
    .replace(/^key_file = .*/m, `key_file = '${town.database.slice('sqlite:'.length)}.key'`).replace(/^public_url = .*/m, `public_url = 'https://127.0.0.1:${port}'`);
  await writeFile(config, text);
  await writeFile(join(folder, 'nginx.conf'), `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log;${process.getuid() === 0 ? ' user root;' : ''}
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3; uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.pem; ssl_certificate_key ${folder}/server.key;
    ssl_verify_client optional_no_ca; ssl_client_certificate ${folder}/authorities.pem;
    ssl_session_cache off; ssl_session_tickets off; keepalive_timeout 0;
    location / {
      proxy_pass http://unix:${socket};
      proxy_set_header Host $host;
      proxy_set_header X-CNS-Certificate $ssl_client_escaped_cert;
      proxy_set_header X-CNS-Secret "${SECRET}";
    }
  }
}
`);
  const server = spawn(binary, ['serve', '--config', config], { stdio: ['ignore', 'pipe', 'ignore'] });
  const proxy = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  try {
    await once(server.stdout, 'data');
    const good = await enter('carta-marta-lorvandi.pem', { more: ['--retry', '5', '--retry-connrefused'] });
    assert.equal(good.status, 200, good.text.slice(0, 500));
    assert.match(good.text, /Marta Lorvandi/);
    for (const [card, status, words] of [[null, 401, 'Non abbiamo visto nessuna carta'], ['carta-revocata.pem', 403, 'La carta è revocata o sospesa'],
      ['carta-di-un-altra-autorita.pem', 403, 'Questa carta non è una CNS']]) {
      const answer = await enter(card);
      assert.equal(answer.status, status, words);
      assert.match(answer.text, new RegExp(`<h1>${words}</h1>`));
    }
    // A client's own copies are replaced by the proxy's, with no card of its own by nothing.
    const pem = encodeURIComponent((await readFile(join(folder, 'carta-marta-lorvandi.pem'), 'utf8')).split('-----BEGIN PRIVATE')[0]);
    const injected = await enter(null, { more: ['--header', `X-CNS-Certificate: ${pem}`, '--header', `X-CNS-Secret: ${SECRET}`] });
    assert.equal(injected.status, 401);
  } finally {
    for (const child of [proxy, server]) {
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
    }
  }
});
