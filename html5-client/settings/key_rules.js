/* What a key's value may be, told before the gateway is asked: it decides, this saves a round trip. And what differs
 * between two states of the settings. Pure. */

/** @typedef {import('./settings_api.js').Key} Key */
/** @typedef {import('./settings_api.js').Value} Value */
/** @typedef {import('./settings_api.js').Config} Config */
/** @typedef {import('./settings_api.js').Patch} Patch */

/** Of a size's last letter. @type {Record<string, number>} */
const MEBIBYTES = { K: 1 / 1024, M: 1, G: 1024, T: 1024 * 1024 };

/** @param {string} text "64M" @returns {number|null} MiB; null: it is none */
export function mebibytesOf(text) {
  const found = /^(\d+)([KMGT]?)$/i.exec(text.trim());
  if (!found) return null;
  return Number(found[1]) * (found[2] ? MEBIBYTES[found[2].toUpperCase()] : 1 / (1024 * 1024));
}

/** As short as it goes. @param {number} mebibytes */
export function sizeText(mebibytes) {
  const unit = ['T', 'G'].find((letter) => mebibytes >= MEBIBYTES[letter] && mebibytes % MEBIBYTES[letter] === 0) ?? 'M';
  return `${mebibytes / MEBIBYTES[unit]}${unit}`;
}

/** @typedef {'number'|'least'|'most'|'range'|'size'|'choice'|'line'} Fault */

/** @param {number} value @param {Key} key @returns {Fault|''} */
function outside(value, { min, max }) {
  if ((min === null || value >= min) && (max === null || value <= max)) return '';
  return min !== null && max !== null ? 'range' : min !== null ? 'least' : 'most';
}

/** What is wrong with it; '': nothing that can be seen from here. @param {Key} key @param {Value} value @returns {Fault|''} */
export function faultOf(key, value) {
  if (value === null || Array.isArray(value)) return '';
  if (/[\u0000-\u001f]/.test(value)) return 'line';
  if (key.type === 'number') return /^\d+$/.test(value) ? outside(Number(value), key) : 'number';
  if (key.type === 'size') {
    const size = mebibytesOf(value);
    if (size === null) return 'size';
    return size === 0 && (key.min === null || key.min === 0) ? '' : outside(size, key);
  }
  return key.choices && !key.choices.includes(value) && key.type === 'choice' ? 'choice' : '';
}

/** One value, however it is laid out. @param {Value|undefined} value */
const flat = (value) => (Array.isArray(value) ? value.join('\n') : (value ?? '').trim().split(/[\s,]+/).join(' '));

/** @param {Value|undefined} a @param {Value|undefined} b */
export const sameValue = (a, b) => flat(a) === flat(b);

/** @typedef {{section: string, key: string, base: Value, theirs: Value, mine: Value|undefined}} Difference */

/** The keys of a section; section: 'gateway' or a target's name behind 'target '. @param {Config} config @param {string} section */
export const entriesOf = (config, section) =>
  (section === 'gateway' ? config.gateway : config.targets[section.replace(/^target /, '')]?.keys) ?? {};

/** @param {Patch} patch @param {string} section @returns {Record<string, Value>} */
const changesOf = (patch, section) => (section === 'gateway' ? patch.gateway : patch.targets?.[section.replace(/^target /, '')]) ?? {};

/**
 * What somebody else changed since `before`, beside what is wanted here.
 * @param {Config} before @param {Config} now @param {Patch} patch @returns {Difference[]}
 */
export function differences(before, now, patch) {
  const names = new Set([...Object.keys(before.targets), ...Object.keys(now.targets)]);
  const found = [];
  for (const section of ['gateway', ...[...names].map((name) => `target ${name}`)]) {
    const [old, fresh, mine] = [entriesOf(before, section), entriesOf(now, section), changesOf(patch, section)];
    for (const key of new Set([...Object.keys(old), ...Object.keys(fresh)])) {
      const [base, theirs] = [old[key]?.value ?? null, fresh[key]?.value ?? null];
      if (!sameValue(base, theirs)) found.push({ section, key, base, theirs, mine: mine[key] });
    }
  }
  return found;
}

/**
 * Where the page is by these settings, for who is at `here` now: by the same name when that is still one of them.
 * @param {Config} config @param {{hostname: string, protocol: string}} here @returns {string|null} null: it cannot be told
 */
export function pageAddress({ gateway }, { hostname, protocol }) {
  const text = (/** @type {string} */ name) => String(gateway?.[name]?.value ?? '');
  const names = text('public-names').split(/[\s,]+/).filter(Boolean);
  const port = /:(\d+)$/.exec(text('listen').split(/[\s,]+/).filter(Boolean)[0] ?? '')?.[1];
  const name = names.find((one) => one.replace(/:\d+$/, '') === hostname) ?? names[0];
  if (!name || !port) return null;
  const host = /[^\]:]:\d+$/.test(name) || /\]:\d+$/.test(name) ? name : `${name}:${port}`;
  try {
    return new URL(`${protocol}//${host}${text('base-path')}/`).href;
  } catch {
    return null;
  }
}

/** The patch without those keys. @param {Patch} patch @param {Difference[]} dropped @returns {Patch} */
export function withoutKeys(patch, dropped) {
  /** @param {string} section @param {Record<string, Value>} changes */
  const kept = (section, changes) => Object.fromEntries(Object.entries(changes).filter(([key]) => !dropped.some((one) => one.section === section && one.key === key)));
  const targets = Object.entries(patch.targets ?? {}).map(([name, changes]) => [name, kept(`target ${name}`, changes)]);
  return {
    ...(patch.gateway ? { gateway: kept('gateway', patch.gateway) } : {}),
    ...(patch.targets ? { targets: Object.fromEntries(targets) } : {}),
  };
}

/** @param {Patch} patch */
export const isEmptyPatch = ({ gateway = {}, targets = {} }) =>
  !Object.keys(gateway).length && Object.values(targets).every((changes) => !Object.keys(changes).length);
