/* The application: finds out who is here, and shows the view that the address asks for. */

import { api, ApiError, LOGIN_NEEDED, SETUP_NEEDED, sentence } from './api.js';
import { h } from './parts/dom.js';
import { identity } from './app/identity.js';
import { checkClock } from './app/clock_notice.js';
import { checkTrial } from './app/trial_notice.js';
import { LoginView } from './app/login_view.js';
import { go, hashOf, placeOf } from './router.js';
import { refuseStrayDrops } from './parts/drop_zone.js';
import { servedFiles } from './media/served_files.js';
import { messagesReady, t } from './parts/messages.js';
import { endWords } from './app/session_words.js';
import { applyTheme } from './parts/theme.js';
import { closeDialogs } from './parts/dialog.js';
import { uploads } from './media/uploads.js';
import { ConsoleView } from './console/console_view.js';
import { drafts } from './app/drafts.js';
import { arrived, rewrite, step, stepsAway, watchMoves } from './app/history_steps.js';
import { lazyView } from './app/lazy_view.js';
import { isUnsaved, leaveUnsaved } from './app/unsaved.js';
import './app/setup_view.js';
import './targets/target_list.js';

/** @typedef {import('./router.js').Place} Place */

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

/** @type {Place} where a login leads */
let next = { view: 'list' };
/** Why this one was logged out; '': it was not. */
let why = '';

/** @param {Place} place @returns {HTMLElement} */
function viewOf(place) {
  if (place.view === 'setup') return document.createElement('setup-view');
  if (place.view === 'login' || !identity.session) return loginView(place);
  if (place.view === 'console') return new ConsoleView(place.target);
  if (place.view === 'wall') return lazyView(async () => new (await import('./targets/wall_view.js')).WallView(place.size ?? 4, place.group ?? ''));
  if (place.view === 'settings') return lazyView(async () => new (await import('./settings/settings_view.js')).SettingsView(place.section, place.item ?? ''));
  if (place.view === 'recordings') return lazyView(() => recordingsView(place));
  return document.createElement('target-list');
}

/** @param {Extract<Place, {view: 'recordings'}>} place */
async function recordingsView({ recording, target }) {
  if (!recording) return new (await import('./recordings/recordings_view.js')).RecordingsView(target ?? '');
  return new (await import('./recordings/recording_view.js')).RecordingView(recording);
}

/** @param {Place} place */
function loginView(place) {
  const view = new LoginView();
  view.next = place.view === 'login' ? next : place;
  view.why = why;
  why = '';
  return view;
}

/** What was not saved when its session ended, until the same user is there again. @type {{view: Element, hash: string, user: string}|null} */
let aside = null;

function takeAside() {
  if (!aside || !identity.session) return null;
  const { view, hash, user } = aside;
  aside = null;
  return hash === location.hash && user === identity.session.user ? view : null;
}

function show() {
  here = location.hash;
  arrived();
  closeDialogs();
  if (identity.session) drafts.ownedBy(identity.session.user);
  if (!identity.session) document.getElementById('notices')?.replaceChildren(); // of whoever was here
  app.replaceChildren(takeAside() ?? viewOf(placeOf(location.hash)));
  app.removeAttribute('aria-busy');
  checkClock();
  checkTrial();
  if (!identity.session) return;
  servedFiles.wake();
  uploads.wake();
}

/** @param {unknown} error */
function showFailure(error) {
  const again = h('button', { class: 'button', onclick: start }, t('app.try-again'));
  const panel = h('div', { class: 'panel' }, h('h1', {}, t('app.no-connection')), h('p', { class: 'dim' }, sentence(error)), again);
  app.replaceChildren(h('div', { class: 'gate' }, h('div', { class: 'gate-card' }, panel)));
}

async function start() {
  try {
    const { needs_setup: needsSetup } = await api.version();
    if (needsSetup) return go({ view: 'setup' });
    identity.set(await api.session());
    if (['setup', 'login'].includes(placeOf(location.hash).view)) return go({ view: 'list' });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) return showFailure(error);
    if (placeOf(location.hash).view === 'setup') return go({ view: 'login' });
  }
  show();
}

/** What is shown, as the address says it. */
let here = '';

async function moved() {
  const wanted = location.hash;
  if (wanted === here) return show();
  if (isUnsaved()) {
    const steps = stepsAway();
    await step(-steps, here); // until it is known that nothing is lost
    if (!(await leaveUnsaved())) return;
    await step(steps, wanted);
  }
  const place = placeOf(wanted);
  const settings = app.querySelector('settings-view');
  if (!settings || place.view !== 'settings' || !identity.session) return show();
  here = wanted;
  arrived();
  closeDialogs();
  /** @type {import('./settings/settings_view.js').SettingsView} */ (settings).open(place.section, place.item ?? '');
}

watchMoves(() => void moved());
window.addEventListener(SETUP_NEEDED, () => go({ view: 'setup' }));
window.addEventListener(LOGIN_NEEDED, (event) => {
  const here = placeOf(location.hash);
  if (here.view === 'login') return;
  why = identity.session ? endWords(identity.overdue, /** @type {CustomEvent<string>} */ (event).detail) : '';
  if (identity.session && app.firstElementChild && isUnsaved()) aside = { view: app.firstElementChild, hash: location.hash, user: identity.session.user };
  identity.set(null);
  next = here;
  rewrite(hashOf({ view: 'login' }));
  show();
});

applyTheme();
refuseStrayDrops();
void messagesReady.then(start);
