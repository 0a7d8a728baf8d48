/* The gateway's TLS certificate: what it is, a signing request, another one on trial, back to the one that it made itself. */

import { confirmDialog } from '../parts/dialog.js';
import { h } from '../parts/dom.js';
import { download } from '../parts/download.js';
import { t } from '../parts/messages.js';
import { dateWords } from '../parts/words.js';
import { KeysForm } from './keys_form.js';
import { CERTIFICATE_GROUPS, onlyGroups } from './key_groups.js';
import { button, card, chip, copy, factList, fromFile, StatusLine, textArea } from './section_parts.js';
import { settingsApi } from './settings_api.js';

/** @typedef {import('./settings_view.js').SectionContext} SectionContext */
/** @typedef {import('./settings_api.js').Certificate} Certificate */

const SOON_DAYS = 30;

/** @param {SectionContext} context @returns {Promise<import('./settings_view.js').Section>} */
export async function create({ store, move, trial }) {
  const facts = await settingsApi.certificate();
  const again = () => (trial(), move('certificates'));
  const form = new KeysForm(store, 'gateway', onlyGroups(CERTIFICATE_GROUPS, store.keys.filter(({ section }) => section === 'gateway')));
  const upload = uploadCard(again);
  const fixed = facts.source === 'configuration';
  return {
    element: h('div', { class: 'stack' }, currentCard(facts, again), !fixed && requestCard(), fixed ? card(t('settings.certificate.upload'), h('p', { class: 'dim' }, t('settings.certificate.in-file', { file: store.file }))) : upload.element, form.element),
    unsaved: () => form.unsaved || upload.unsaved(),
    close: () => form.close(),
  };
}

/** @param {number} days */
function expiryChip(days) {
  if (days < 0) return chip(t('settings.certificate.expired'), 'danger');
  return chip(t('settings.certificate.days', { count: days }), days < SOON_DAYS ? 'warn' : 'ok');
}

/** @param {Certificate} facts @param {() => void} again */
function currentCard(facts, again) {
  const status = new StatusLine();
  const back = button(t('settings.certificate.back'), () => void run());
  const run = async () => {
    const sure = await confirmDialog({ title: t('settings.certificate.back-title'), text: t('settings.certificate.back-text'), action: t('settings.certificate.back') });
    if (sure && (await status.run(back, () => settingsApi.ownCertificate()))) again();
  };
  const { subject, names, issuer, from, to, fingerprint, days_left: days, source, chain, on_trial: onTrial } = facts;
  return card(
    t('settings.certificate.now'),
    h('p', { class: 'chips' }, expiryChip(days), chip(t(`settings.certificate.source.${source}`)), onTrial && chip(t('settings.certificate.on-trial'), 'warn')),
    factList([
      [t('settings.certificate.names'), names.join(', ')],
      [t('settings.certificate.subject'), subject],
      [t('settings.certificate.issuer'), issuer],
      [t('settings.certificate.valid'), t('settings.certificate.from-to', { from: dateWords(from * 1000), to: dateWords(to * 1000) })],
      [t('settings.certificate.chain'), chain ? t('settings.certificate.chain-of', { count: chain }) : ''],
      [t('settings.certificate.fingerprint'), h('code', { class: 'wrap' }, fingerprint)],
    ]),
    status.element,
    source === 'set' && h('div', { class: 'card-foot' }, back),
  );
}

function requestCard() {
  const status = new StatusLine();
  const shown = textArea(t('settings.certificate.request'), '', 8);
  shown.input.readOnly = true;
  const room = h('div', { class: 'stack', hidden: true }, shown.element, h('div', { class: 'card-foot' }, button(t('words.copy'), () => void copy(shown.input, status), 'small'), button(t('settings.certificate.request-file'), () => download(new Blob([shown.input.value]), `${location.hostname}.csr`), 'small')));
  const make = button(t('settings.certificate.request-make'), () => void run());
  const run = async () => {
    const done = await status.run(make, async () => (shown.input.value = await settingsApi.signingRequest()));
    room.hidden = !done;
    if (done) shown.input.focus();
  };
  return card(t('settings.certificate.request'), h('p', { class: 'dim small' }, t('settings.certificate.request-hint')), room, status.element, h('div', { class: 'card-foot' }, make));
}

/** @param {() => void} again */
function uploadCard(again) {
  const status = new StatusLine();
  const certificate = textArea(t('settings.certificate.pem'), t('settings.certificate.pem-hint'), 8);
  const key = textArea(t('settings.certificate.key'), t('settings.certificate.key-hint'), 4);
  const body = () => ({ certificate: `${certificate.input.value.trim()}\n`, ...(key.input.value.trim() ? { key: `${key.input.value.trim()}\n` } : {}) });
  const given = () => {
    if (certificate.input.value.trim()) return true;
    status.say(t('settings.certificate.missing'), 'danger');
    certificate.input.focus();
    return false;
  };
  const test = button(t('settings.certificate.test'), () => void (given() && status.run(test, () => settingsApi.testCertificate(body()), t('settings.certificate.fits'))));
  const use = button(t('settings.certificate.use'), () => void run(), 'primary');
  const run = async () => {
    if (!given() || !(await status.run(use, () => settingsApi.setCertificate(body())))) return;
    certificate.input.value = key.input.value = '';
    again();
  };
  const element = card(
    t('settings.certificate.upload'),
    certificate.element,
    fromFile(t('settings.certificate.pem-file'), certificate.input),
    key.element,
    fromFile(t('settings.certificate.key-file'), key.input),
    h('p', { class: 'dim small' }, t('settings.certificate.trial-hint')),
    status.element,
    h('div', { class: 'card-foot' }, test, use),
  );
  return { element, unsaved: () => Boolean(certificate.input.value.trim() || key.input.value.trim()) };
}
