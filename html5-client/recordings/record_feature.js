/* Recording on the console: a mark that everybody who views the target sees as long as it is recorded, and for who may
 * type the way to begin and end it. Small, because the mark must be there from the first moment. */

import { sentence } from '../api.js';
import { h, setText } from '../parts/dom.js';
import { loadPart } from '../parts/load_part.js';
import { t } from '../parts/messages.js';
import { go } from '../router.js';
import { lengthWords } from './recording_words.js';
import { recordingsApi } from './recordings_api.js';

/** @typedef {import('../console/session/protocol.js').Recording} Recording */

/** The words are read out when they change, the time is not. @param {string} place */
function mark(place) {
  const words = h('span', { class: 'record-words', role: place === 'strip' ? 'status' : null, 'aria-hidden': place === 'strip' ? null : 'true' });
  const time = h('span', { class: 'record-time', 'aria-hidden': 'true' });
  const element = h('div', { class: `record-mark record-${place}`, hidden: true }, h('span', { class: 'record-dot', 'aria-hidden': 'true' }), words, time);
  return { element, words, time };
}

/** @type {import('../console/console_context.js').Feature} */
export function plugRecord(context) {
  // Full screen hides the strip, and so does typing on a telephone: then the second one is seen.
  const marks = [mark('strip'), mark('stage')];
  /** @type {Recording|null} */
  let now = null;
  let began = 0;
  /** This page ends it, and says so itself. */
  let stopping = false;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let clock;

  const elapsed = () => performance.now() - began;
  const tick = () => marks.forEach(({ time }) => setText(time, now ? lengthWords(elapsed()) : ''));

  /** @param {Recording|null} recording null: none, or nobody knows */
  const show = (recording) => {
    const ended = now !== null && recording === null;
    now = recording;
    began = performance.now() - (recording?.elapsed ?? 0) * 1000;
    clearInterval(clock);
    if (recording) clock = setInterval(tick, 1000);
    const words = !recording ? '' : t(recording.every ? 'recordings.mark-pictures' : 'recordings.mark-film', { name: recording.name });
    for (const { element, words: place } of marks) {
      element.hidden = !recording;
      setText(place, words);
    }
    context.root.toggleAttribute('data-recorded', recording !== null);
    tick();
    return ended;
  };

  const stop = async () => {
    stopping = true;
    try {
      const { id } = await recordingsApi.stop(context.target);
      context.notice(t('recordings.stopped'), '', [{ label: t('recordings.watch'), run: () => go({ view: 'recordings', recording: id }) }]);
    } catch (error) {
      context.notice(sentence(error), 'danger');
    }
    stopping = false;
  };

  const begin = async () => {
    const part = await loadPart(() => import('./record_dialog.js'));
    part?.openRecordDialog(context.target);
  };

  context.addStripItem(marks[0].element);
  context.addOverlay(marks[1].element);
  context.on('welcome', () => void show(null)); // RECORDING follows where there is one
  context.on('recording', (report) => {
    if (show(report.on ? report : null) && !stopping) context.notice(t('recordings.over'));
  });
  context.addMenu('tools', () => {
    const list = { label: t('recordings.list'), run: () => go({ view: 'recordings', target: context.target }) };
    if (!context.can('input')) return [list];
    const act = now ? { label: t('recordings.stop-after', { time: lengthWords(elapsed()) }), run: () => void stop() } : { label: t('recordings.begin'), run: () => void begin() };
    return [act, list];
  });
  context.signal.addEventListener('abort', () => clearInterval(clock));
}
