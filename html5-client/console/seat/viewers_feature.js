/* Who else looks at this target: a count that opens the list, with the names, who types, and since when. It stands beside the
 * target's name, because what is in the strip moves when the focus leaves the picture, and a button must not move under a press. */

import { call, sentence, target } from '../../api.js';
import { h, setText } from '../../parts/dom.js';
import { gatewayNow } from '../../parts/gateway_clock.js';
import { loadPart } from '../../parts/load_part.js';
import { t } from '../../parts/messages.js';

/** @typedef {import('../session/protocol.js').Viewer} Viewer */
/** @typedef {import('../console_context.js').ConsoleContext} ConsoleContext */

class ViewersFeature {
  #context;
  /** @type {{total: number, list: Viewer[], at: number}|null} at: when it was told, by the gateway's clock */
  #told = null;
  #button = h('button', { type: 'button', class: 'button quiet small', 'aria-haspopup': 'dialog', hidden: true, onclick: () => void this.#open() });
  #announced = h('span', { class: 'for-readers', role: 'status' });
  /** Shows the newest list while it is open. @type {(() => void)|null} */
  #refresh = null;

  /** @param {ConsoleContext} context */
  constructor(context) {
    this.#context = context;
    context.addTitleItem(this.#button);
    context.addTitleItem(this.#announced);
    context.on('viewers', (viewers) => {
      if (!this.#told) context.provide('viewers', () => void this.#open());
      this.#told = { ...viewers, at: gatewayNow() };
      this.#show();
    });
    context.on('connection', ({ state }) => {
      if (state.state === 'open') return;
      this.#told = null;
      this.#show();
    });
  }

  #show() {
    const words = this.#told ? t('picture.viewers', { count: this.#told.total }) : '';
    this.#button.hidden = !this.#told;
    setText(this.#button, words);
    setText(this.#announced, this.#told && this.#told.total > 1 ? words : '');
    this.#refresh?.();
  }

  async #open() {
    const part = await loadPart(() => import('./viewers_dialog.js'));
    if (!part) return;
    this.#refresh = part.openViewers(
      () => this.#told,
      (viewer) => void this.#disconnect(viewer),
      () => (this.#refresh = null),
    );
  }

  /** @param {Viewer} viewer */
  async #disconnect({ number, name }) {
    try {
      await call('DELETE', `${target(this.#context.target)}/viewers/${number}`);
      this.#context.notice(t('picture.viewer-gone', { name }));
    } catch (error) {
      this.#context.notice(sentence(error), 'danger');
    }
  }
}

/** @type {import('../console_context.js').Feature} */
export const plugViewers = (context) => void new ViewersFeature(context);
