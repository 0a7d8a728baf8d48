/* Plays a film: <video> with a time line and buttons of our own. Keys anywhere in the player: space, arrows, comma and full
 * stop for single pictures, N and P for marks, F for full screen. */

import { h, setText } from '../parts/dom.js';
import { icon } from '../parts/icons.js';
import { t } from '../parts/messages.js';
import { lengthWords, clockWords, nextMark, placeAfterKey } from './recording_words.js';
import { recordingsApi } from './recordings_api.js';
import { TimeLine } from './time_line.js';

const SPEEDS = [0.5, 1, 2, 4, 8];
/** A film has no fixed rate: the next picture is looked for in steps that grow. */
const FIRST_STEP_S = 0.05;
const LARGEST_STEP_S = 5;
const MOST_STEPS = 200;

/** @param {string} glyph @param {string} label @param {() => void} run */
const tool = (glyph, label, run) => h('button', { class: 'button quiet square', type: 'button', 'aria-label': label, title: label, onclick: run }, icon(glyph));

export class FilmPlayer {
  #video = h('video', { preload: 'auto', playsinline: true });
  #play = tool('play', t('recordings.play'), () => this.toggle());
  #line = new TimeLine((ms) => this.seek(ms));
  #time = h('span', { class: 'player-time' });
  #clock = h('span', { class: 'player-clock dim' });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #speed = h('select', { class: 'input', 'aria-label': t('recordings.speed'), onchange: () => this.#chooseSpeed() }, ...SPEEDS.map((speed) => h('option', { value: speed, selected: speed === 1 }, `${speed.toLocaleString()}×`)));
  /** Of the picture that is shown, in seconds; null: the browser does not tell. @type {number|null} */
  #shown = null;
  #stepping = false;
  #gone = false;
  /** @type {import('./recordings_api.js').RecordingDetails} */
  #recording;
  element;

  /** @param {import('./recordings_api.js').RecordingDetails} recording */
  constructor(recording) {
    this.#recording = recording;
    this.element = h(
      'section',
      { class: 'player', 'aria-label': t('recordings.player'), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event) },
      h('div', { class: 'player-stage', onclick: () => this.toggle() }, this.#video),
      this.#message,
      this.#line.element,
      h(
        'div',
        { class: 'player-bar' },
        this.#play,
        tool('stepBack', t('recordings.step-back'), () => void this.step(-1)),
        tool('stepOn', t('recordings.step-on'), () => void this.step(1)),
        tool('markBack', t('recordings.mark-back'), () => this.#toMark(-1)),
        tool('markOn', t('recordings.mark-on'), () => this.#toMark(1)),
        h('span', { class: 'player-times' }, this.#time, this.#clock),
        this.#speed,
        tool('expand', t('recordings.full-screen'), () => void this.#fullScreen()),
      ),
    );
    this.#listen();
    this.#video.src = recordingsApi.video(recording.id);
    this.update(recording);
  }

  /** @param {import('./recordings_api.js').RecordingDetails} recording with what is new */
  update(recording) {
    this.#recording = recording;
    this.#line.show({ ...recording, duration: this.duration });
    this.#show();
  }

  get duration() {
    const known = this.#video.duration * 1000;
    return Number.isFinite(known) ? known : this.#recording.duration;
  }

  get at() {
    return this.#video.currentTime * 1000;
  }

  #listen() {
    const video = this.#video;
    for (const name of ['timeupdate', 'seeked', 'play', 'pause', 'ended', 'ratechange']) video.addEventListener(name, () => this.#show());
    video.addEventListener('durationchange', () => this.update(this.#recording));
    video.addEventListener('loadeddata', () => setText(this.#message, ''));
    video.addEventListener('error', () => !this.#gone && setText(this.#message, t('recordings.cannot-play')));
    const told = (/** @type {DOMHighResTimeStamp} */ _now, /** @type {{mediaTime: number}} */ { mediaTime }) => {
      this.#shown = mediaTime;
      if (!this.#gone) video.requestVideoFrameCallback?.(told);
    };
    video.requestVideoFrameCallback?.(told);
  }

  #show() {
    const playing = !this.#video.paused && !this.#video.ended;
    const label = t(playing ? 'recordings.pause' : 'recordings.play');
    if (this.#play.getAttribute('aria-label') !== label) {
      this.#play.setAttribute('aria-label', label);
      this.#play.title = label;
      this.#play.replaceChildren(icon(playing ? 'pause' : 'play'));
    }
    this.#line.move(this.at);
    setText(this.#time, `${lengthWords(this.at)} / ${lengthWords(this.duration)}`);
    setText(this.#clock, clockWords(this.#recording.began, this.at));
  }

  async toggle() {
    if (!this.#video.paused) return this.#video.pause();
    try {
      await this.#video.play();
    } catch {
      // The error event has said why; a pause that came first is none.
    }
  }

  /** @param {number} ms */
  seek(ms) {
    this.#video.currentTime = ms / 1000;
    this.#show();
  }

  /** To the picture before or behind the one shown. @param {1|-1} way */
  async step(way) {
    if (this.#stepping) return;
    this.#stepping = true;
    this.#video.pause();
    if (this.#shown === null) await this.#moveTo(this.#video.currentTime + way * 2 * FIRST_STEP_S);
    else if (way < 0) await this.#moveTo(Math.max(0, this.#shown - 0.001));
    else await this.#findNext(this.#shown);
    this.#stepping = false;
    this.#show();
  }

  /** @param {number} from where the picture shown begins */
  async #findNext(from) {
    const video = this.#video;
    for (let step = FIRST_STEP_S, tries = 0; this.#shown === from && tries < MOST_STEPS && !this.#gone; step = Math.min(2 * step, LARGEST_STEP_S), tries++) {
      if (video.currentTime >= video.duration) return;
      await this.#moveTo(Math.min(video.duration, video.currentTime + step));
    }
  }

  /** Until the picture of that time is on the screen. @param {number} seconds */
  #moveTo(seconds) {
    const video = this.#video;
    return new Promise((resolve) => {
      video.addEventListener('seeked', () => requestAnimationFrame(() => requestAnimationFrame(resolve)), { once: true });
      video.currentTime = seconds;
    });
  }

  /** @param {1|-1} way */
  #toMark(way) {
    const mark = nextMark(this.#recording.marks, this.at, way);
    this.seek(mark ? mark.at : way > 0 ? this.duration : 0);
  }

  #chooseSpeed() {
    this.#video.playbackRate = Number(this.#speed.value);
  }

  async #fullScreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await this.element.requestFullscreen();
    } catch {
      // The browser does not want to, on some telephones.
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement) return;
    /** @type {Record<string, () => unknown>} */
    const acts = {
      ' ': () => this.toggle(),
      k: () => this.toggle(),
      ',': () => this.step(-1),
      '.': () => this.step(1),
      p: () => this.#toMark(-1),
      n: () => this.#toMark(1),
      f: () => this.#fullScreen(),
    };
    if (event.key === ' ' && event.target instanceof HTMLButtonElement) return;
    const place = event.key.startsWith('Arrow') && !['ArrowUp', 'ArrowDown'].includes(event.key) ? placeAfterKey(event.key, event.shiftKey, this.at, this.duration) : null;
    const act = place === null ? acts[event.key.toLowerCase()] : () => this.seek(place);
    if (!act) return;
    event.preventDefault();
    act();
  }

  close() {
    this.#gone = true;
    this.#video.pause();
    this.#video.removeAttribute('src');
    this.#video.load();
  }
}
