/* Which of many targets are shown, and in which order. Pure. */

import { healthWords } from './target_words.js';

/** @typedef {import('../api.js').Target} Target */
/** @typedef {'all'|'on'|'off'|'trouble'} Choice */
/** words: what was typed; group: '' is any. @typedef {{words: string, group: string, choice: Choice}} Filter */
/** name '': of no group. @typedef {{name: string, targets: Target[]}} Group */

/** Letters without their marks and cases, so that `muller` finds Müller. @param {string} text */
const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** Something wants to be looked at. @param {Target} target */
const isTrouble = ({ health }) => health?.state === 'warn' || health?.state === 'danger';

/** All that one may search for. @param {Target} target */
const searched = (target) =>
  plain(
    [target.name, target.title, target.group, target.machine, target.seat.holder, healthWords(target.health), ...target.drives.map(({ medium }) => medium)]
      .filter(Boolean)
      .join('\n'),
  );

/** @type {Record<Choice, (target: Target) => boolean>} */
const CHOICES = {
  all: () => true,
  on: ({ power }) => power === 'on' || power === 'going-off',
  off: ({ power }) => power === 'off',
  trouble: isTrouble,
};

/** Every word must be found. @param {Target[]} targets @param {Filter} filter */
export function filtered(targets, { words, group, choice }) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  return targets.filter((target) => {
    if (!CHOICES[choice](target) || (group && target.group !== group)) return false;
    const text = wanted.length ? searched(target) : '';
    return wanted.every((word) => text.includes(word));
  });
}

/** In the order in which groups and targets come; what has no group last. @param {Target[]} targets @returns {Group[]} */
export function grouped(targets) {
  /** @type {Map<string, Target[]>} */
  const groups = new Map();
  for (const target of targets) {
    const name = target.group ?? '';
    const known = groups.get(name);
    if (known) known.push(target);
    else groups.set(name, [target]);
  }
  const rest = groups.get('');
  groups.delete('');
  const list = [...groups].map(([name, members]) => ({ name, targets: members }));
  return rest ? [...list, { name: '', targets: rest }] : list;
}

/** @param {Target[]} targets */
export const groupNames = (targets) => [...new Set(targets.map(({ group }) => group ?? ''))].filter(Boolean).sort();
