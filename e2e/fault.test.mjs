// What must survive: a receipt delivered two hundred times at once, kill -9 in the middle of payments, a second start.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { command, start } from './lib/server.mjs';

const PAYMENTS = Number(process.env.FAULT_PAYMENTS ?? 1000);
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

const postings = (output) => [...output.matchAll(/(\d+) postings/g)].reduce((sum, [, n]) => sum + Number(n), 0);

for (const [engine, database] of databases) {
  let town;
  test(`${engine}: a demo town serves`, { timeout: 120_000 }, async () => {
    town = await start({ people: 15_000, seed: 3, database });
    assert.equal((await fetch(`${town.portal}/healthz`)).status, 200);
  });

  test(`${engine}: the same receipt two hundred times at once is one credit`, async () => {
    const [notice] = await payable(town, 1);
    const before = postings(await sound(town));
    const answers = await Promise.all(Array.from({ length: 200 }, () => deliver(town, notice, 'rt-duplicata-200')));
    assert.deepEqual([answers.filter((a) => a === 'new').length, answers.filter((a) => a === 'known').length], [1, 199]);
    assert.equal(postings(await sound(town)), before + 1);
  });

  test(`${engine}: kill -9 during payments loses none that was acknowledged and doubles none`, { timeout: 240_000 }, async () => {
    const notices = await payable(town, PAYMENTS);
    assert.ok(notices.length > 100, `${notices.length} payable notices`);
    const before = postings(await sound(town));
    const acknowledged = new Set();
    const queue = notices.map((notice, n) => [notice, `rt-${engine}-${n}`]);
    let next = 0;
    const send = async () => {
      while (next < queue.length) {
        const [notice, id] = queue[next++];
        if (await deliver(town, notice, id)) acknowledged.add(id);
      }
    };
    const killed = (async () => {
      while (acknowledged.size < notices.length / 4) await new Promise((go) => setTimeout(go, 5));
      await town.kill('SIGKILL');
    })();
    await Promise.all([killed, ...Array.from({ length: 32 }, send)]);
    assert.ok(acknowledged.size < notices.length, 'the end came before the last payment');
    await town.launch();
    await sound(town);
    for (let at = 0; at < queue.length; at += 32) {
      const answers = await Promise.all(queue.slice(at, at + 32).map(([notice, id]) => deliver(town, notice, id).then((answer) => [id, answer])));
      for (const [id, answer] of answers) {
        assert.ok(answer, id);
        if (acknowledged.has(id)) assert.equal(answer, 'known', `${id} was acknowledged and is there`);
      }
    }
    const paid = postings(await sound(town)) - before;
    assert.equal(paid, notices.length, 'each receipt is one posting');
    console.log(`${engine}: ${notices.length} payments, ${acknowledged.size} acknowledged before kill -9, each credited once`);
  });

  test(`${engine}: SIGTERM drains and ends with 0`, async () => {
    assert.equal(await town.stop(), 0);
  });
}
