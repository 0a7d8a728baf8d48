/* What this is: version, licence, how it is, the clock, where to read on. */

import { api, json } from '../api.js';
import { identity } from '../app/identity.js';
import { base } from '../base.js';
import { h } from '../parts/dom.js';
import { language, t } from '../parts/messages.js';
import { dateWords, sizeWords } from '../parts/words.js';
import { restartGateway } from './restart_gateway.js';
import { actionCard, button, card, commands, factList, StatusLine } from './section_parts.js';

/**
 * Of GET /statistics, what says something to people.
 * @typedef {object} Statistics
 * @property {{user_us: number, system_us: number, peak_rss_kib: number}} process
 * @property {{load?: number[], state_bytes?: number, state_free_bytes?: number}} [machine]
 * @property {{connections: number, viewers: number, reply_bytes: number, update_bytes: number}} transport
 */

/** @param {number} uptime s */
async function figuresCard(uptime) {
  const { process, machine = {}, transport } = /** @type {Statistics} */ (await json('GET', '/statistics'));
  /** @param {number} value @param {Intl.NumberFormatOptions} [as] */
  const number = (value, as) => value.toLocaleString(language(), as);
  const { load, state_bytes: total, state_free_bytes: free = 0 } = machine;
  return card(
    t('picture.figures'),
    factList([
      [t('settings.about.load'), load && load.map((one) => number(one, { maximumFractionDigits: 2 })).join(' · ')],
      [t('settings.about.processor'), number((process.user_us + process.system_us) / 1e6 / Math.max(1, uptime), { style: 'percent', maximumFractionDigits: 1 })],
      [t('settings.about.memory'), sizeWords(process.peak_rss_kib * 1024)],
      [t('settings.key.state'), !!total && t('media.free', { free: sizeWords(free), total: sizeWords(total) })],
      [t('settings.about.viewers'), number(transport.viewers)],
      [t('settings.about.connections'), number(transport.connections)],
      [t('settings.about.sent'), sizeWords(transport.reply_bytes + transport.update_bytes)],
    ]),
  );
}

/** @param {import('./settings_view.js').SectionContext} context @returns {Promise<import('./settings_view.js').Section>} */
export async function create({ store, move }) {
  const [{ version }, { clock, uptime = 0 }] = await Promise.all([api.version(), api.system()]);
  const status = new StatusLine();
  const set = button(t('app.clock-from-browser'), () => void status.run(set, () => api.setClock(Date.now()), t('app.clock-set')).then((done) => done && move('about')));
  const configures = identity.can('configure');
  const restarted = () => store.load().then(() => element.isConnected && move('about')); // nothing waits any more
  const restart = button(t('settings.restart-now'), () => void restartGateway(restart, restarted));
  const figures = identity.can('audit') && (await figuresCard(uptime).catch(() => null)); // all else is to be seen without them
  const element = h(
    'div',
    { class: 'stack' },
    card(
      t('settings.about.what'),
      factList([
        [t('settings.about.version'), version],
        [t('settings.about.since'), dateWords(clock.time - uptime * 1000)],
        [t('settings.about.address'), location.origin],
        [t('settings.about.licence'), t('settings.about.licence-is')],
      ]),
      h('p', { class: 'dim small' }, t('settings.about.parts')),
    ),
    figures,
    card(
      t('settings.about.clock'),
      factList([
        [t('settings.about.time'), dateWords(clock.time)],
        [t('settings.about.kept'), t(clock.synchronised ? 'settings.about.synchronised' : 'settings.about.not-synchronised')],
      ]),
      status.element,
      configures && !clock.synchronised && h('div', { class: 'card-foot' }, set),
    ),
    configures && actionCard(t('settings.restart'), t('settings.restart-text'), new StatusLine(), restart),
    card(
      t('settings.about.more'),
      h('p', { class: 'small' }, t('settings.about.more-text')),
      commands('man lightsoutd', 'man lightsout', 'lightsout doctor'),
      h('p', {}, h('a', { href: `${base}/openapi.json`, target: '_blank' }, t('settings.about.api'))),
    ),
  );
  return { element };
}
