// What must survive: a receipt delivered two hundred times at once, kill -9 at any moment of payments, a second start.
// FAULT_PAYMENTS, FAULT_KILLS and FAULT_PEOPLE say how much of it; FAULT_SEED repeats a run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, start } from './lib/server.mjs';

const PAYMENTS = Number(process.env.FAULT_PAYMENTS ?? 1000);
const KILLS = Number(process.env.FAULT_KILLS ?? 4);
const PEOPLE = Number(process.env.FAULT_PEOPLE ?? 15_000);
const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const databases = [['SQLite', undefined]];
if (process.env.CAMPANELLA_TEST_POSTGRES) databases.push(['PostgreSQL', process.env.CAMPANELLA_TEST_POSTGRES]);

const euro = (cents) => `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
const person = (name) => `<uniqueIdentifier><entityUniqueIdentifierType>F</entityUniqueIdentifierType><entityUniqueIdentifierValue>GDASDV00A01H501J</entityUniqueIdentifierValue></uniqueIdentifier><fullName>${name}</fullName>`;

/** A receipt as the node sends it (paSendRTV2). */
function receipt(notice, id) {
  const amount = euro(notice.amount_cents);
  return `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:pa="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><soapenv:Body><pa:paSendRTV2Request>
<idPA>${notice.fiscal_code}</idPA><idBrokerPA>${notice.broker}</idBrokerPA><idStation>${notice.station}</idStation><receipt>
<receiptId>${id}</receiptId><noticeNumber>${notice.notice_number}</noticeNumber><fiscalCode>${notice.fiscal_code}</fiscalCode><outcome>OK</outcome>
<creditorReferenceId>${notice.notice_number.slice(1)}</creditorReferenceId><paymentAmount>${amount}</paymentAmount><description>Prova</description><companyName>Comune</companyName>
<debtor>${person('Ada Prova')}</debtor><transferList><transfer><idTransfer>1</idTransfer><transferAmount>${amount}</transferAmount><fiscalCodePA>${notice.fiscal_code}</fiscalCodePA><IBAN>IT60X0542811101000000123456</IBAN><remittanceInformation>Prova</remittanceInformation><transferCategory>9/0107101TS/</transferCategory></transfer></transferList>
<idPSP>PROVA</idPSP><PSPCompanyName>Banca di prova</PSPCompanyName><idChannel>PROVA_01</idChannel><channelDescription>app</channelDescription>
<paymentDateTime>2026-11-24T10:00:00</paymentDateTime><applicationDate>2026-11-24</applicationDate><transferDate>2026-11-25</transferDate></receipt></pa:paSendRTV2Request></soapenv:Body></soapenv:Envelope>`;
}

/** `new`, `known`, or nothing where nobody answered. */
async function deliver(town, notice, id) {
  try {
    const answer = await fetch(`${town.node}/pagopa/paForNode`, { method: 'POST', headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: 'paSendRTV2' }, body: receipt(notice, id) });
    const text = await answer.text();
    assert.equal(answer.status, 200, text);
    if (text.includes('<outcome>OK</outcome>')) return 'new';
    if (text.includes('PAA_RECEIPT_DUPLICATA')) return 'known';
    throw new assert.AssertionError({ message: text });
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    return undefined;
  }
}

async function payable(town, limit) {
  return (await fetch(`${town.sandbox}/notices?state=payable&limit=${limit}`)).json();
}

async function sound(town) {
  const { code, output } = await command('verify', '--database', town.database);
  assert.equal(code, 0, output);
  return output;
}

/** How many receipts the proof counted, each booked once. */
const receipts = (output) => [...output.matchAll(/(\d+) receipts, each booked once/g)].reduce((sum, [, n]) => sum + Number(n), 0);

const pause = (ms) => new Promise((go) => setTimeout(go, ms));

/** Numbers from 0 to 1, the same for the same seed. */
function chance(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A node that insists: what is not answered is sent again, what was answered now and then too. */
class Insistent {
  constructor(town, queue, random) {
    Object.assign(this, { town, random, waiting: [...queue], acknowledged: new Set(), unanswered: 0 });
  }

  async send() {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const [notice, id] = next;
      const known = this.acknowledged.has(id);
      const answer = await deliver(this.town, notice, id);
      if (!answer) {
        this.unanswered += 1;
        this.waiting.push(next);
        await pause(50);
      } else if (known) {
        assert.equal(answer, 'known', `${id} was acknowledged and is new again`);
      } else {
        this.acknowledged.add(id);
        if (this.random() < 0.1) this.waiting.unshift(next);
      }
    }
  }

  run(callers) {
    return Promise.all(Array.from({ length: callers }, () => this.send()));
  }
}

for (const [engine, database] of databases) {
  let town;
  test(`${engine}: a demo town serves`, { timeout: 120_000 }, async () => {
    town = await start({ people: PEOPLE, seed: 3, database });
    assert.equal((await fetch(`${town.portal}/healthz`)).status, 200);
  });

  // Counted in receipts: the close of a day, in the evening, makes postings of its own meanwhile.
  test(`${engine}: the same receipt two hundred times at once is one credit`, { timeout: 120_000 }, async () => {
    const [notice] = await payable(town, 1);
    const before = receipts(await sound(town));
    const answers = await Promise.all(Array.from({ length: 200 }, () => deliver(town, notice, 'rt-duplicata-200')));
    const counted = Object.fromEntries(['new', 'known', undefined].map((kind) => [kind, answers.filter((a) => a === kind).length]));
    assert.deepEqual(counted, { new: 1, known: 199, undefined: 0 });
    assert.equal(receipts(await sound(town)), before + 1);
  });

  test(`${engine}: kill -9 at random moments loses no receipt and doubles none`, { timeout: 60_000 + 400 * PAYMENTS }, async () => {
    const random = chance(SEED);
    const notices = await payable(town, PAYMENTS);
    assert.ok(notices.length > 100, `${notices.length} payable notices`);
    const before = receipts(await sound(town));
    // Where there are more payments than notices, the rest are second payments: money too, each booked once.
    const queue = Array.from({ length: PAYMENTS }, (_, n) => [notices[n % notices.length], `rt-${engine}-${n}`]);
    const node = new Insistent(town, queue, random);
    const sent = node.run(32);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      while (node.acknowledged.size < (PAYMENTS * kill) / (KILLS + 1)) await pause(5);
      await pause(random() * 60);
      await town.kill('SIGKILL');
      await town.launch();
    }
    await sent;
    assert.equal(node.acknowledged.size, PAYMENTS, 'every receipt was answered in the end');
    assert.equal(receipts(await sound(town)) - before, PAYMENTS, 'each receipt is booked once');
    // The node sends them again after a day, too.
    for (let at = 0; at < queue.length; at += 32) {
      const again = await Promise.all(queue.slice(at, at + 32).map(([notice, id]) => deliver(town, notice, id)));
      assert.deepEqual(new Set(again), new Set(['known']));
    }
    assert.equal(receipts(await sound(town)) - before, PAYMENTS, 'sent again, nothing changes');
    console.log(`${engine}: ${PAYMENTS} receipts, kill -9 ${KILLS} times (seed ${SEED}), ${node.unanswered} calls without answer; each booked once`);
  });

  test(`${engine}: SIGTERM drains and ends with 0`, async () => {
    assert.equal(await town.stop(), 0);
  });
}
