/* Runs inside a page: finds elements as people name them. Sent to browsers whose driver has no locators of its own, so it
 * must stand alone. */

/** @typedef {string|{source: string, flags: string}|undefined} Text a part of it, whatever its case, or a regular expression */
/**
 * at: which of those, null: all. or: these as well.
 * @typedef {{by: 'css'|'role'|'text'|'label'|'title', value: any, name?: Text, exact?: boolean, hasText?: Text, within?: Wanted, at?: number|null, or?: Wanted}} Wanted
 */

/** @param {Wanted} wanted @returns {Element[]} */
export function find({ by, value, name, exact, hasText, within, or }) {
  const roles = {
    button: 'button, [role="button"]',
    checkbox: 'input[type="checkbox"], [role="checkbox"]',
    combobox: 'select, [role="combobox"]',
    dialog: 'dialog, [role="dialog"]',
    heading: 'h1, h2, h3, h4, h5, h6',
    link: 'a[href]',
    option: 'option, [role="option"]',
    radio: 'input[type="radio"], [role="radio"]',
    searchbox: 'input[type="search"]',
    textbox: 'input:not([type]), input[type="text"], textarea, [role="textbox"]',
  };
  const plain = (/** @type {string|null|undefined} */ text) => (text ?? '').replace(/\s+/g, ' ').trim();
  const labels = (/** @type {any} */ element) => [...(element.labels ?? [])].map((label) => plain(label.textContent)).join(' ');
  const said = (/** @type {Element} */ element) =>
    (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => plain(document.getElementById(id)?.textContent)).join(' ').trim();
  const nameOf = (/** @type {Element} */ element) =>
    said(element) || element.getAttribute('aria-label') || labels(element) || plain(element.textContent) || element.getAttribute('title') || '';
  const shown = (/** @type {Element} */ element) => element.checkVisibility({ visibilityProperty: true });
  const fits = (/** @type {string} */ text, /** @type {any} */ wanted) =>
    wanted?.source !== undefined ? new RegExp(wanted.source, wanted.flags).test(text)
    : exact ? text === wanted
    : text.toLowerCase().includes(wanted.toLowerCase());
  const texted = (/** @type {Element[]} */ all) => {
    const having = all.filter((element) => fits(plain(element.textContent), value));
    return having.filter((element) => !having.some((other) => other !== element && element.contains(other)));
  };

  const all = (/** @type {string} */ selector) => [...document.querySelectorAll(selector)];
  const finders = {
    css: () => (value.endsWith(':visible') ? all(value.replace(/:visible$/, '*')).filter(shown) : all(value)),
    title: () => all('[title]').filter((element) => element.getAttribute('title') === value),
    label: () => all('input, textarea, select, [aria-label], [aria-labelledby]').filter((element) => fits(nameOf(element), value)),
    role: () => all(roles[value] ?? `[role="${value}"]`).filter((element) => shown(element) && (!name || fits(nameOf(element), name))),
    text: () => texted(all('body *')),
  };
  const around = within ? find(within) : [];
  const chosen = within?.at == null ? around : [around.at(within.at)];
  const next = by === 'css' && value.startsWith('+ ');
  let found = next ? chosen.map((one) => one?.nextElementSibling).filter((one) => one?.matches(value.slice(2))) : finders[by]();
  if (within && !next) {
    found = found.filter((element) => chosen.some((one) => one !== element && one?.contains(element)));
  }
  if (hasText) found = found.filter((element) => fits(element.textContent ?? '', hasText));
  return or ? [...found, ...find(or)] : found;
}
