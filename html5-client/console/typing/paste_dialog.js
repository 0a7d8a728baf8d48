/* Text that is typed on the target key by key: for passwords, commands and licence keys, where no clipboard reaches. What
 * cannot be typed is listed before the first key. The text is nowhere but in this page (drafts.js): there again however the
 * dialog was left but by Cancel, and forgotten when it was typed. While it is typed the dialog is a bar above the picture,
 * so that one sees what becomes of it. */

import { ApiError, sentence } from '../../api.js';
import { drafts } from '../../app/drafts.js';
import { openDialog } from '../../parts/dialog.js';
import { h, newId, setText } from '../../parts/dom.js';
import { t } from '../../parts/messages.js';
import { notice } from '../../parts/notices.js';
import { LayoutField } from './layout_field.js';
import { MissingList } from './missing_list.js';
import { countCharacters, endWords, progressWords, requestSize, MOST, tooLongWords } from './paste_words.js';
import { typingApi } from './typing_api.js';

/** @typedef {import('./typing_api.js').Plan} Plan */

const POLL_MS = 250;
/** Between a request that got no answer and the next, and how many in a row end it. */
const AGAIN_MS = 1500;
const LOST_MOST = 20;
const CHECK_MS = 250;

/** @param {import('../console_context.js').ConsoleContext} context @param {string} [text] */
export function openPasteDialog(context, text = '') {
  const dialog = new PasteDialog(context);
  dialog.open(text);
}

class PasteDialog {
  #id = newId('paste');
  #text = h('textarea', { class: 'input mono', id: this.#id, spellcheck: 'false', autocapitalize: 'none', autofocus: true, 'aria-describedby': `${this.#id}-hint`, dir: 'auto' });
  #layout;
  #careful = h('input', { type: 'checkbox' });
  #hide = h('input', { type: 'checkbox', onchange: () => this.#hidden() });
  #missing = new MissingList(() => this.#checkSoon(0));
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #progress = h('progress', { hidden: true, 'aria-label': t('paste.progress') });
  #state = h('span', { class: 'small dim spring', id: `${this.#id}-state`, role: 'status' });
  #cancel = h('button', { class: 'button', type: 'button', onclick: () => this.#forget() }, t('words.cancel'));
  #start = h('button', { class: 'button primary', type: 'button', onclick: () => this.#type() }, t('paste.start'));
  #stop = h('button', { class: 'button', type: 'button', hidden: true, 'aria-describedby': `${this.#id}-state`, onclick: () => this.#stopTyping() }, t('paste.stop'));
  /** @type {HTMLDialogElement|undefined} */ #dialog;
  #typing = false;
  /** Stop was pressed. */ #stopped = false;
  /** Ends the pause before the next question. */ #ask = () => {};
  #open = true;
  /** @type {ReturnType<typeof setTimeout>|undefined} */ #timer;
  #checks = 0;
  /** What is written here is what is kept. */ #kept = true;
  /** The last thing said is that no answer came. */ #unanswered = false;
  /** Of what stands there now; null: not known yet. @type {Plan|null} */ #plan = null;

  /** @param {import('../console_context.js').ConsoleContext} context */
  constructor(context) {
    this.target = context.target;
    this.#layout = new LayoutField(context, () => this.#checkSoon(0));
  }

  /** @param {string} text */
  open(text) {
    const dialog = openDialog({
      title: t('paste.title', { target: this.target }),
      body: [
        h('div', { class: 'field' }, h('label', { for: this.#id }, t('paste.text')), this.#text, h('p', { class: 'hint', id: `${this.#id}-hint` }, t('paste.hint'))),
        ...(CSS.supports('-webkit-text-security', 'disc') ? [h('label', { class: 'check small' }, this.#hide, t('paste.hide'))] : []),
        this.#layout.element,
        h('label', { class: 'check small' }, this.#careful, t('paste.careful')),
        this.#missing.element,
        this.#message,
        this.#progress,
      ],
      foot: [this.#state, this.#stop, this.#cancel, this.#start],
      onclose: () => this.#closed(),
    });
    this.#dialog = dialog;
    // Escape first stops the typing; then it closes.
    dialog.addEventListener('cancel', (event) => {
      if (!this.#typing) return;
      event.preventDefault();
      this.#stopTyping();
    });
    // A click on the picture that one looks at neither ends it nor takes the focus from Stop.
    dialog.addEventListener('mousedown', (event) => this.#typing && event.preventDefault());
    dialog.addEventListener('click', (event) => this.#typing && event.target === dialog && event.stopImmediatePropagation(), true);
    this.#text.addEventListener('input', () => this.#written());
    this.#text.addEventListener('paste', (event) => {
      if (this.#refuses(event.clipboardData?.getData('text/plain') ?? '')) event.preventDefault();
    });
    this.#fill(text);
    this.#fillLayouts();
  }

  /** What comes from a clipboard does not take the place of what somebody wrote, until it is written in. @param {string} text */
  #fill(text) {
    const draft = drafts.of(this.#draft) ?? '';
    const refused = this.#refuses(text);
    this.#text.value = refused || !text ? draft : text;
    this.#kept = this.#text.value === draft || !draft;
    this.#keep();
    this.#edited(refused);
  }

  get #draft() {
    return `typing ${this.target}`;
  }

  #keep() {
    if (this.#kept) drafts.keep(this.#draft, this.#hide.checked ? '' : this.#text.value);
  }

  /** From those who look on; then it is no draft either. */
  #hidden() {
    this.#dialog?.classList.toggle('hidden-text', this.#hide.checked);
    this.#keep();
  }

  #written() {
    this.#kept = true;
    this.#keep();
    this.#edited();
  }

  #forget() {
    this.#text.value = '';
    this.#keep();
    this.#dialog?.close();
  }

  /** More than can be typed never gets into the field, which it would choke. @param {string} text */
  #refuses(text) {
    const why = text.length > MOST / 4 ? tooLongWords(text) : '';
    if (why) this.#say(why, 'danger');
    return why !== '';
  }

  async #fillLayouts() {
    try {
      await this.#layout.load();
      this.#checkSoon(0);
      this.#answered();
    } catch (error) {
      this.#failed(error, () => void this.#fillLayouts());
    }
  }

  /** Said, and tried again while the dialog is open: nobody has to type a letter to get on. @param {unknown} error @param {() => void} again */
  #failed(error, again) {
    this.#say(sentence(error), 'danger');
    this.#unanswered = true;
    setTimeout(() => this.#open && again(), AGAIN_MS);
  }

  #answered() {
    if (this.#unanswered) this.#say('');
    this.#unanswered = false;
  }

  /** @param {boolean} [keepMessage] */
  #edited(keepMessage = false) {
    if (!keepMessage) this.#say('');
    const why = requestSize(this.#text.value) > MOST ? tooLongWords(this.#text.value) : '';
    if (why) this.#say(why, 'danger');
    setText(this.#state, t('paste.count', { count: countCharacters(this.#text.value) }));
    this.#checkSoon(CHECK_MS);
  }

  /** @param {number} ms */
  #checkSoon(ms) {
    clearTimeout(this.#timer);
    this.#plan = null;
    this.#checks++;
    this.#enable();
    if (!this.#text.value || requestSize(this.#text.value) > MOST) this.#missing.show(null);
    else this.#timer = setTimeout(() => this.#check(this.#checks), ms);
  }

  #wish() {
    const { instead } = this.#missing;
    return { text: this.#text.value, layout: this.#layout.value, instead, careful: this.#careful.checked };
  }

  /** @param {number} number answers to older questions do not count */
  async #check(number) {
    try {
      const plan = await typingApi.check(this.target, this.#wish());
      if (number !== this.#checks || !this.#open) return;
      this.#plan = plan;
      this.#missing.show(plan);
      this.#answered();
    } catch (error) {
      if (number === this.#checks && this.#open) this.#failed(error, () => number === this.#checks && void this.#check(number));
    }
    this.#enable();
  }

  #enable() {
    const { instead } = this.#missing;
    const ready = this.#plan !== null && (this.#plan.missing_count === 0 || instead === 'leave-out');
    this.#start.disabled = this.#typing || !ready;
    setText(this.#start, this.#plan?.missing_count ? t('paste.start-without') : t('paste.start'));
  }

  async #type() {
    this.#say('');
    this.#busy(true);
    this.#stopped = false;
    try {
      await typingApi.type(this.target, this.#wish());
      // Stop may have overtaken a long text on its way.
      if (this.#stopped) await typingApi.stop(this.target);
      const typing = await this.#follow();
      this.#busy(false);
      this.#ended(typing);
    } catch (error) {
      this.#busy(false);
      this.#say(sentence(error), 'danger');
    }
  }

  async #follow() {
    for (let lost = 0; ; ) {
      let typing;
      try {
        typing = await typingApi.state(this.target);
      } catch (error) {
        // The gateway goes on typing; the line may be back in a moment.
        if (!(error instanceof ApiError) || error.status !== 0 || ++lost > LOST_MOST || !this.#open) throw error;
        this.#failed(error, () => {});
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        continue;
      }
      lost = 0;
      this.#answered();
      this.#progress.max = Math.max(1, typing.characters);
      this.#progress.value = typing.characters - typing.remaining;
      if (typing.state !== 'typing' && typing.state !== 'waiting') return typing;
      setText(this.#state, progressWords(typing));
      await new Promise((resolve) => setTimeout((this.#ask = () => resolve(null)), POLL_MS));
    }
  }

  /** Where all is well one goes on with the target; else there is something to read. @param {import('./typing_api.js').Typing} typing */
  #ended(typing) {
    const { text, tone } = endWords(typing);
    if (typing.state === 'done') {
      this.#text.value = '';
      this.#keep();
      this.#missing.forget();
      this.#edited();
    }
    if (tone !== 'ok' && this.#open) return this.#say(text, tone);
    this.#dialog?.close();
    notice(text, tone === 'danger' ? tone : '');
  }

  async #stopTyping() {
    this.#stopped = true;
    try {
      await typingApi.stop(this.target);
      this.#ask();
    } catch (error) {
      this.#say(sentence(error), 'danger');
    }
  }

  #closed() {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#text.value = '';
    if (this.#typing) this.#stopTyping();
  }

  /** @param {string} text @param {string} [tone] */
  #say(text, tone = 'ok') {
    this.#message.dataset.tone = tone;
    setText(this.#message, text);
    if (text) this.#message.scrollIntoView({ block: 'nearest' });
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#typing = busy;
    this.#dialog?.classList.toggle('typing', busy);
    this.#state.setAttribute('aria-live', busy ? 'off' : 'polite'); // four times a second is too much to listen to: it describes Stop
    this.#progress.hidden = this.#stop.hidden = !busy;
    this.#start.hidden = this.#cancel.hidden = busy;
    this.#text.readOnly = busy;
    this.#layout.disabled = this.#missing.disabled = this.#careful.disabled = busy;
    if (!busy) {
      setText(this.#state, t('paste.count', { count: countCharacters(this.#text.value) }));
      this.#checkSoon(0);
    }
    (busy ? this.#stop : this.#text).focus();
  }
}
