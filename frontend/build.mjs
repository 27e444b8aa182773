// Builds dist/: a stylesheet, a script, an icon sprite, fonts; each named by its content, with a Brotli twin where it helps.
// manifest.json maps the name a template uses to the name that is served.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { transform } from 'lightningcss';
import { PurgeCSS } from 'purgecss';

const here = dirname(fileURLToPath(import.meta.url));
const italia = join(here, 'node_modules/bootstrap-italia/dist');
const dist = join(here, 'dist');
const web = join(here, '../crates/web');
// The blues Bootstrap Italia has written into its rules; a tenant's stylesheet sets the variable that takes each one's place.
const BLUES = ['#06c', '#0052a3', '#0059b3', '#004080', '#004d99', '#036', '#0057ad', '#00478f', '#125ca5', '#f3f7fc', '#0066cc40'];
const WEIGHTS = { 400: 'regular', 600: '600', 700: '700' };
const manifest = {};

async function emit(logical, content, compress) {
  const bytes = Buffer.from(content);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
  const name = `${basename(logical, extname(logical))}-${hash}${extname(logical)}`;
  await writeFile(join(dist, name), bytes);
  if (compress) {
    const options = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } };
    await writeFile(join(dist, `${name}.br`), brotliCompressSync(bytes, options));
  }
  manifest[logical] = name;
  return name;
}

async function files(folder, extension) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((e) => e.isFile() && e.name.endsWith(extension)).map((e) => join(e.parentPath ?? e.path, e.name));
}

async function fontFaces() {
  const faces = [];
  for (const [weight, file] of Object.entries(WEIGHTS)) {
    const font = await readFile(join(italia, `fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-${file}.woff2`));
    const name = await emit(`titillium-${weight}.woff2`, font, false);
    faces.push(`@font-face{font-family:"Titillium Web";font-weight:${weight};font-display:swap;src:url("./${name}") format("woff2")}`);
  }
  return faces.join('\n');
}

async function stylesheet(sources) {
  const [purged] = await new PurgeCSS().purge({
    content: sources,
    css: [join(italia, 'css/bootstrap-italia.min.css')],
    safelist: { standard: ['is-invalid', 'is-valid', 'show', 'active', 'disabled', 'html', 'body'], variables: ['--bootstrap-italia-version'] },
    variables: true,
    fontFace: true,
    keyframes: true,
  });
  const own = await readFile(join(here, 'src/portal.css'));
  const reduced = Buffer.from(purged.css.replace(/@font-face\s*{[^}]*}/g, ''));
  const minify = (filename, code) => transform({ filename, code, minify: true, targets: { chrome: 100 << 16, safari: 15 << 16, firefox: 100 << 16 } }).code.toString();
  const css = [await fontFaces(), tinted(minify('bootstrap-italia.css', reduced)), minify('portal.css', own)].join('\n');
  return emit('portal.css', css, true);
}

/** Every baked-in blue becomes `var(--p-N, blue)`, longest first so that one is not taken for the start of another. */
function tinted(css) {
  const numbered = BLUES.map((blue, index) => [blue, index + 1]).sort((a, b) => b[0].length - a[0].length);
  for (const [blue, number] of numbered) {
    css = css.replace(new RegExp(`${blue}(?![0-9a-fA-F])`, 'gi'), `var(--p-${number},\u0001${blue.slice(1)})`);
  }
  return css.replaceAll('\u0001', '#');
}

async function sprite(sources) {
  const used = new Set();
  for (const source of sources) for (const [, name] of (await readFile(source, 'utf8')).matchAll(/"(it-[a-z0-9-]+)"/g)) used.add(name);
  const all = await readFile(join(italia, 'svg/sprites.svg'), 'utf8');
  const symbols = all.match(/<symbol[\s\S]*?<\/symbol>/g).filter((symbol) => used.has(symbol.match(/id="([^"]+)"/)[1]));
  const found = new Set(symbols.map((symbol) => symbol.match(/id="([^"]+)"/)[1]));
  const missing = [...used].filter((name) => !found.has(name));
  if (missing.length) throw new Error(`no such icons: ${missing.join(', ')}`);
  await emit('sprite.svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`, true);
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
const sources = [...await files(join(web, 'templates'), '.html'), ...await files(join(web, 'src'), '.rs')];
await stylesheet(sources);
await sprite(sources);
await emit('portal.js', await readFile(join(here, 'src/portal.js')), true);
await emit('favicon.svg', await readFile(join(here, 'src/favicon.svg')), true);
await writeFile(join(dist, 'manifest.json'), JSON.stringify(manifest, null, 1));
