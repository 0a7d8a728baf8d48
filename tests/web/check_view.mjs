/* What every view must pass: axe-core finds nothing, nothing scrolls sideways, and a picture of it is kept to look at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inFirefox, packageFile, shot } from './browser.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds, and whether the page is too wide. @param {any} page @param {string} name @param {object|null} [options] of axe-core; null: its width alone @returns {Promise<string[]>} */
export async function faults(page, name, options = {}) {
  if (options && !(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axe};0`);
  const found = await page.evaluate(async (which) => {
    if (!which) return [];
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'], ...which });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
  }, options);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (overflow > 0) found.push(`${overflow} px too wide`);
  return found.map((fault) => `${name}: ${fault}`);
}

/** (In Firefox firefox_views.mjs asks axe-core about all of them at once.) @param {any} page @param {string} name */
export async function checkView(page, name) {
  assert.deepEqual(await faults(page, name, inFirefox ? null : {}), []);
  if (!inFirefox) await shot(page, name);
}
