/* What this is: version, licence, the clock, where to read on. */

import { api } from '../api.js';
import { identity } from '../app/identity.js';
import { h } from '../parts/dom.js';
import { t } from '../parts/messages.js';
import { dateWords } from '../parts/words.js';
import { button, card, commands, factList, StatusLine } from './section_parts.js';

/** @param {import('./settings_view.js').SectionContext} context @returns {Promise<import('./settings_view.js').Section>} */
export async function create({ move }) {
  const [{ version }, { clock }] = await Promise.all([api.version(), api.system()]);
  const status = new StatusLine();
  const set = button(t('app.clock-from-browser'), () => void status.run(set, () => api.setClock(Date.now()), t('app.clock-set')).then((done) => done && move('about')));
  const may = identity.can('configure') && !clock.synchronised;
  const element = h(
    'div',
    { class: 'stack' },
    card(
      t('settings.about.what'),
      factList([
        [t('settings.about.version'), version],
        [t('settings.about.address'), location.origin],
        [t('settings.about.licence'), t('settings.about.licence-is')],
      ]),
      h('p', { class: 'dim small' }, t('settings.about.parts')),
    ),
    card(
      t('settings.about.clock'),
      factList([
        [t('settings.about.time'), dateWords(clock.time)],
        [t('settings.about.kept'), t(clock.synchronised ? 'settings.about.synchronised' : 'settings.about.not-synchronised')],
      ]),
      status.element,
      may && h('div', { class: 'card-foot' }, set),
    ),
    card(t('settings.about.more'), h('p', { class: 'small' }, t('settings.about.more-text')), commands('man lightsoutd', 'man lightsout', 'lightsout doctor')),
  );
  return { element };
}
