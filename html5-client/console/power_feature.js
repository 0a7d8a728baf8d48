/* Power of the target: its menu, its state behind the name, and switching it on from the cover. */

import { h, setText } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { powerWords } from '../parts/words.js';
import { act, powerEntries } from './power_menu.js';

/** @type {import('./console_context.js').Feature} */
export function plugPower(context) {
  const { state } = context;
  const chip = h('span', { class: 'chip' });
  const changed = (/** @type {import('../api.js').Power} */ power) => {
    state.power = power;
    if (state.info) state.info = { ...state.info, power: power.state };
    context.changed();
  };
  const facts = () => ({ target: context.target, power: state.power, changed });

  context.addTitleItem(chip);
  context.addTool({
    name: 'power', order: 50, keep: 90, glyph: 'power', label: t('console.power'),
    entries: () => powerEntries(facts()), enabled: () => context.can('power'),
  });
  context.provide('power-on', () => void act('on', facts()));
  context.onChange(() => {
    if (!state.info) return;
    const { text, tone } = powerWords(state.info.power);
    setText(chip, text);
    chip.dataset.tone = tone;
  });
}
