// The picture of the README: Marta's personal area on a desk and on a telephone. `node e2e/readme-picture.mjs FILE.png`
import { DESKTOP, PHONE, chrome, close, open, signIn } from './lib/browser.mjs';
import { start } from './lib/server.mjs';

const file = process.argv[2] ?? 'docs/images/area-personale.png';
const town = await start();

async function area(viewport) {
  const page = await open(town, { viewport });
  await signIn(page, town, 'Marta Lorvandi');
  const picture = await page.screenshot();
  await page.context().close();
  return `data:image/png;base64,${picture.toString('base64')}`;
}

const frame = (left, top, width, height, more, picture, inner) => `<div style="position:absolute;left:${left}px;top:${top}px;width:${width}px;
  height:${height}px;box-sizing:border-box;overflow:hidden;box-shadow:0 10px 40px #0004;${more}"><img src="${picture}" style="width:${inner}px"></div>`;
const sheet = await (await chrome()).newPage({ viewport: { width: 1400, height: 760 } });
await sheet.setContent(`<body style="margin:0;background:#e9edf2;height:760px;overflow:hidden">
  ${frame(40, 36, 1010, 724, 'border-radius:14px 14px 0 0', await area({ ...DESKTOP, height: 918 }), 1010)}
  ${frame(1010, 90, 340, 670, 'border-radius:28px 28px 0 0;border:8px solid #17202a;border-bottom:0', await area(PHONE), 324)}`);
await sheet.screenshot({ path: file });
await close();
await town.stop();
