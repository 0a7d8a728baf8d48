/* Text and pieces of the picture: chosen over it, read by the gateway, and put on the clipboard. */

import { api, json, sentence, target } from '../../api.js';
import { loadPart } from '../../parts/load_part.js';
import { t } from '../../parts/messages.js';
import { addShortcut } from '../shortcuts.js';

/** @typedef {import('./region_math.js').Region} Region */
/** @typedef {import('./region_math.js').ScreenText} ScreenText */
/** @typedef {import('../console_context.js').ConsoleContext} ConsoleContext */
/** @typedef {{select: import('./region_select.js').RegionSelect, panel: import('./region_panel.js').RegionPanel}} RegionParts */

class RegionFeature {
  #context;
  /** @type {Promise<RegionParts|null>|null} */
  #parts = null;
  #asked = 0;

  /** @param {ConsoleContext} context */
  constructor(context) {
    this.#context = context;
    const open = () => void this.#open(false);
    context.provide('select-region', open);
    context.addMenu('tools', () => [
      { label: t('picture.select-entry'), disabled: !context.screen.hasPicture, run: open },
      { label: t('picture.copy-all-text'), disabled: !context.screen.hasPicture, run: () => void this.#open(true) },
    ]);
    addShortcut(context, 'KeyC', open);
    context.on('mode', () => void this.#parts?.then((parts) => parts?.select.open && this.#close()));
  }

  /** Loaded when it is first wanted; null: it did not come, and is asked for again the next time. */
  #load() {
    this.#parts ??= (async () => {
      const loaded = await loadPart(() => Promise.all([import('./region_select.js'), import('./region_panel.js'), api.system().catch(() => null)]));
      if (!loaded) return (this.#parts = null);
      const [{ RegionSelect }, { RegionPanel }, system] = loaded;
      const select = new RegionSelect(this.#context.screen.view, {
        chosen: (region) => void this.#read(region),
        moved: (region, columns, rows) => panel.tell(t('picture.select-size', { columns, rows, width: region.width, height: region.height })),
        left: () => this.#close(),
      });
      const calls = {
        close: () => this.#close(),
        all: () => select.selectAll(),
        again: () => select.region && void this.#read(select.region),
        copyPicture: () => this.#context.run('copy-picture', select.region),
        savePicture: () => this.#context.run('save-picture', select.region),
      };
      const panel = new RegionPanel(calls, system?.recognise ?? []);
      this.#context.addPictureLayer(select.element);
      this.#context.addOverlay(panel.element);
      return { select, panel };
    })();
    return this.#parts;
  }

  /** @param {boolean} all at once */
  async #open(all) {
    const parts = await this.#load();
    if (!parts) return;
    const { select, panel } = parts;
    this.#context.screen.input.releaseAll();
    panel.show(true);
    select.show(true);
    if (all) return select.selectAll();
    select.setGrid(null);
    try {
      const { cell } = await this.#text('');
      select.setGrid(cell);
    } catch {
      // No text screen: pixels are chosen then, and what can be read of them is said.
    }
  }

  #close() {
    void this.#parts?.then((parts) => {
      if (!parts) return;
      const { select, panel } = parts;
      const focused = select.element.contains(document.activeElement) || panel.element.contains(document.activeElement);
      select.show(false);
      panel.show(false);
      if (focused) this.#context.screen.focusPicture();
    });
  }

  /** @param {string} query @returns {Promise<ScreenText>} */
  #text(query) {
    return json('GET', `${target(this.#context.target)}/screen-text?${query}`);
  }

  /** The newest question is the one that is answered. @param {Region} region */
  async #read({ x, y, width, height }) {
    const panel = (await this.#load())?.panel;
    if (!panel) return;
    const asked = ++this.#asked;
    panel.tell(t('picture.reading'));
    try {
      const text = await this.#text(new URLSearchParams({ x: String(x), y: String(y), width: String(width), height: String(height), recognise: panel.language }).toString());
      if (asked === this.#asked) await panel.read(text);
    } catch (error) {
      if (asked === this.#asked) panel.tell(sentence(error));
    }
  }
}

/** @type {import('../console_context.js').Feature} */
export const plugRegion = (context) => void new RegionFeature(context);
