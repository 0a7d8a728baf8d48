// What the build makes of the page's modules and sheets: each module at its own path, the sheets in one, nothing bundled.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const tree = fileURLToPath(new URL('../../../html5-client', import.meta.url));
const site = join(process.env.LIGHTSOUT_BUILD ?? 'build/release', 'html5-client/site');
const files = (/** @type {string} */ folder, /** @type {RegExp} */ name) =>
  readdirSync(folder, { recursive: true }).map(String).filter((one) => name.test(one)).sort();
const content = (/** @type {string} */ name) => gunzipSync(readFileSync(join(site, `${name}.gz`))).toString();
const importsOf = (/** @type {string} */ code) => [...code.matchAll(/(?:from|import) *\(?(["'])(\.[^"']+)\1/g)].map((match) => match[2]).sort();

test('every module of the tree is in the page at its place, and imports what it imports there', () => {
  const modules = files(tree, /\.js$/);
  assert.deepEqual(files(site, /\.js\.gz$/).map((name) => name.slice(0, -3)), modules);
  assert.ok(modules.length > 100);
  for (const name of modules) {
    const code = readFileSync(join(tree, name), 'utf8').replace(/\/\*[^]*?\*\//g, '');
    assert.deepEqual([...new Set(importsOf(content(name)))], [...new Set(importsOf(code))], name);
  }
});

test('all sheets are in one, in their order', () => {
  const sheets = files(tree, /\.css$/).filter((name) => name !== 'styles/page.css');
  const named = [...readFileSync(join(tree, 'styles/page.css'), 'utf8').matchAll(/@import "\.\/(.+)";/g)].map((match) => `styles/${match[1]}`);
  assert.deepEqual([...named].sort(), sheets);
  const layers = [...content('styles/page.css').matchAll(/@layer (\w+)\{/g)].map((match) => match[1]);
  const order = named.map((name) => /@layer (\w+) \{/.exec(readFileSync(join(tree, name), 'utf8'))?.[1]);
  assert.deepEqual([...new Set(layers)], [...new Set(order)]);
});
