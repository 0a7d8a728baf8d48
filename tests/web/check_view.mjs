/* What every view must pass: axe-core finds nothing, nothing scrolls sideways, and a picture of it is kept to look at. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { packageFile, shot } from './browser.mjs';

const axe = readFileSync(packageFile('axe-core/axe.min.js'), 'utf8');

/** @param {any} page @param {string} name */
export async function checkView(page, name) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(`${axe};0`);
  const findings = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document);
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
  });
  assert.deepEqual(findings, [], name);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
  await shot(page, name);
}
