/* Strings that attack whoever shows them, and what a page must look like that has shown them as what they are: text. */
import assert from 'node:assert/strict';
import { until } from './until.mjs';

const PAYLOADS = [
  '<script>planted()</script>',
  '<img src=x onerror=planted()>',
  '"><svg onload=planted()>',
  "' onmouseover='planted()' x='",
  '</title></textarea></style><b class=injected>bold</b>',
  '<a class=injected href="javascript:planted()">link</a>',
  '<iframe srcdoc="<script>parent.planted()</script>"></iframe>',
  'javascript:planted()',
  'data:text/html,<script>planted()</script>',
  '${planted()} {{constructor.constructor("planted()")()}} <%= planted() %>',
  '&lt;script&gt;planted()&lt;/script&gt;',
];
/** C0 and C1 controls, an escape sequence, overrides of direction, a byte order mark, no character at all. */
const ODD = 'odd:\u0001\u0007\u001b[31m\u009b\u202eevil\u202c\u2066\u2069\u200e\u200f\u061c\u2028\ufeff\ufffe.';

/** All of them in one, behind a mark by which it is found. @param {string} mark */
export const hostile = (mark) => `${mark} ${PAYLOADS.join(' ')} ${ODD}`;
/** One word of 10 KB. @param {string} mark */
export const long = (mark) => `${mark}<b>${'A'.repeat(10200)}</b>`;
/** For names of files, which have no slash: as much as fits. @param {string} mark */
export const hostileName = (mark) => `${mark}<img src=x onerror=planted()>"'\u202e${'{{planted()}}'}`;

/** Runs before the page's own code. */
export const watch = () => {
  const window_ = /** @type {any} */ (window);
  window_.hits = [];
  window_.violations = [];
  window_.planted = () => window_.hits.push(new Error().stack);
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => window_.violations.push([violatedDirective, blockedURI, sample]));
};

/** What of the page is not ours. */
const strangers = () => {
  const bad = [];
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName;
    if (['script', 'iframe', 'object', 'embed', 'base', 'meta', 'style', 'link'].includes(name) && !element.closest('head')) bad.push(element.outerHTML.slice(0, 200));
    if (name === 'b' || element.classList.contains('injected')) bad.push(element.outerHTML.slice(0, 200));
    for (const { name: attribute, value } of element.attributes) {
      if (/^on/i.test(attribute)) bad.push(`${name} has ${attribute}`);
      if (['href', 'src', 'srcdoc', 'action', 'formaction', 'xlink:href', 'data'].includes(attribute) && /^\s*(javascript|data|vbscript):/i.test(value)) bad.push(`${name} ${attribute}=${value.slice(0, 60)}`);
      if (attribute === 'style' && /url\(|expression/i.test(value.replace(/url\("[^"()]*\/pointer\.svg"\)/, ''))) bad.push(`${name} style=${value.slice(0, 60)}`);
    }
  }
  const scripts = [...document.scripts].map(({ src }) => new URL(src || 'inline:').pathname.split('/').at(-1));
  if (scripts.join() !== 'messages.js,main.js') bad.push(`scripts: ${scripts}`);
  const tooWide = document.documentElement.scrollWidth - innerWidth;
  const outside = (/** @type {Element} */ element) => element.getBoundingClientRect().right > innerWidth + 1;
  const widest = tooWide > 0 ? [...document.querySelectorAll('body *')].filter((one) => outside(one) && ![...one.children].some(outside)).map((one) => one.outerHTML.slice(0, 80)) : [];
  if (/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\u0000-\u0008\u001b]/.test(document.body.textContent ?? '')) bad.push('a text that turns directions');
  return { bad, hits: window.hits, violations: window.violations, widest };
};

/** @param {any} page @param {string} view for the messages @param {string[]} marks of strings that it must show, as text */
export async function assertHarmless(page, view, marks) {
  const shownText = async () =>
    (
      await page.evaluate(() =>
        [document.body.textContent, ...[...document.querySelectorAll('input, option, [aria-label]')].map((one) => `${one.value ?? ''} ${one.getAttribute('aria-label') ?? ''}`)].join('\n'),
      )
    ).toLowerCase(); // sentences begin with a capital
  let text = '';
  await until(async () => {
    text = await shownText();
    return marks.every((mark) => text.includes(mark));
  }, `${view} shows ${marks}`);
  const { bad, hits, violations, widest } = await page.evaluate(strangers);
  assert.deepEqual(hits, [], `${view}: no script ran`);
  assert.deepEqual(violations, [], `${view}: nothing was tried that the policy forbids`);
  assert.deepEqual(bad, [], `${view}: nothing was injected`);
  for (const mark of marks) {
    const at = text.indexOf(mark);
    assert.ok(text.includes(`${mark}<`) || text.includes(`${mark} <script>planted()</script>`), `${view} shows ${mark} as text: ${text.slice(at, at + 80)}`);
  }
  assert.deepEqual(widest, [], `${view} is not too wide`);
}
