/* Virtual media of a target: its drives on top, below them the ways to fill one, and the uploads that are on their way. */

import { sentence } from '../api.js';
import { AddressTab } from './address_tab.js';
import { Announcer } from '../parts/announcer.js';
import { openDialog } from '../parts/dialog.js';
import { h, setText } from '../parts/dom.js';
import { DrivePanel } from './drive_panel.js';
import { attachDrop } from '../parts/drop_zone.js';
import { FileTab } from './file_tab.js';
import { identity } from '../app/identity.js';
import { OptionsForm } from './insert_options.js';
import { insertMedium } from './insert_medium.js';
import { LibraryTab } from './library_tab.js';
import { mediaApi } from './media_api.js';
import { isFilled } from './media_words.js';
import { RecentTab } from './recent_tab.js';
import { servedFiles, SERVED_CHANGED } from './served_files.js';
import { Tabs } from '../parts/tabs.js';
import { UploadList } from './upload_list.js';
import { uploadDropped } from './upload_dropped.js';
import { uploads } from './uploads.js';
import { t } from '../parts/messages.js';

/** @typedef {import('./media_api.js').Drive} Drive */
/** @typedef {import('./dropped_files.js').Dropped} Dropped */
/** @typedef {import('./insert_medium.js').Choice} Choice */

const POLL_MS = 1000;

export class MediaDialog {
  #announcer = new Announcer();
  #may;
  #drives;
  #library = new LibraryTab({ changed: () => this.#enable(), pick: () => this.#pick() });
  #file = new FileTab({ changed: () => this.#enable(), upload: (dropped) => void this.#upload(dropped) });
  #address = new AddressTab(() => (setText(this.#message, ''), this.#enable()));
  #recent = new RecentTab((recent) => this.#takeRecent(recent));
  #options = new OptionsForm();
  #uploads = new UploadList(this.#announcer, () => this.#pick());
  #tabs;
  #drive = h('select', { class: 'input', 'aria-label': t('media.drive'), onchange: () => this.#enable() });
  #message = h('p', { class: 'message', 'data-tone': 'danger', role: 'alert' });
  #foot = h('div', { class: 'insert', hidden: true });
  #insert = h('button', { class: 'button primary', type: 'button', disabled: true, onclick: () => void this.#insertNow() }, t('media.insert'));
  #busy = false;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #timer;
  #listener = () => this.#drives.showAgain();

  /** @param {string} target @param {() => void} closed */
  constructor(target, closed) {
    this.target = target;
    this.closed = closed;
    this.#may = { media: identity.can('media', target), library: identity.can('library') };
    this.#drives = new DrivePanel(target, this.#may, (error) => setText(this.#message, error));
    const { media, library } = this.#may;
    const tabs = [
      { name: 'library', label: t('media.tab.library'), panel: this.#library.element, shown: media || library },
      { name: 'file', label: t('media.tab.file'), panel: this.#file.element, shown: media || library },
      { name: 'address', label: t('media.tab.address'), panel: this.#address.element, shown: media },
      { name: 'recent', label: t('media.tab.recent'), panel: this.#recent.element, shown: media },
    ];
    this.#tabs = new Tabs(t('media.ways'), tabs.filter(({ shown }) => shown), () => this.#tabChanged());
  }

  open() {
    const { media, library } = this.#may;
    this.#foot.append(this.#drive, this.#insert);
    const denied = media ? null : h('p', { class: 'small dim' }, t('media.look-only'));
    const dialog = openDialog({
      title: t('media.title', { target: this.target }),
      body: [this.#drives.element, denied, this.#message, this.#tabs.element, this.#options.element, this.#uploads.element, this.#announcer.element].filter((part) => part !== null),
      foot: [this.#foot],
      onclose: () => this.#close(),
    });
    dialog.classList.add('media-dialog');
    attachDrop(dialog, () => media || library, (dropped) => this.take(dropped));
    if (!media && !library) this.#tabs.element.hidden = true;
    this.#timer = setInterval(() => this.refresh(), POLL_MS);
    servedFiles.addEventListener(SERVED_CHANGED, this.#listener);
    this.refresh();
    if (media || library) void this.#library.refresh();
    if (library) uploads.refresh().catch(() => {}); // an older gateway has none
  }

  async refresh() {
    try {
      this.#show(await mediaApi.drives(this.target));
    } catch (error) {
      setText(this.#message, sentence(error));
    }
  }

  /** What was dropped on the page. @param {Dropped} dropped */
  take(dropped) {
    if (dropped.url && this.#may.media) {
      this.#tabs.choose('address');
      this.#address.take(dropped.url);
      return;
    }
    this.#tabs.choose('file');
    this.#file.take(dropped);
  }

  #close() {
    clearInterval(this.#timer);
    servedFiles.removeEventListener(SERVED_CHANGED, this.#listener);
    this.#library.close();
    this.#uploads.close();
    this.#address.forget();
    this.closed();
  }

  #pick() {
    this.#tabs.choose('file');
    this.#file.pick();
  }

  /** @param {Drive[]} drives */
  #show(drives) {
    this.#drives.show(drives);
    this.#foot.hidden = !this.#may.media || !drives.length;
    this.#drive.hidden = drives.length < 2;
    if (this.#drive.options.length !== drives.length) {
      this.#drive.replaceChildren(...drives.map(({ index }) => h('option', { value: index }, t('media.into-drive', { index }))));
      const empty = drives.find((drive) => !isFilled(drive));
      if (empty) this.#drive.value = String(empty.index);
    }
    this.#enable();
  }

  #tabChanged() {
    if (this.#tabs?.chosen === 'recent') this.#recent.show();
    this.#enable();
  }

  /** @returns {Choice|null} */
  get #choice() {
    const { image } = this.#library;
    const { file } = this.#file;
    const { address } = this.#address;
    switch (this.#tabs?.chosen) {
      case 'library':
        return image && { sort: 'image', name: image.name };
      case 'file':
        return file && { sort: 'file', file };
      case 'address':
        return address && { sort: 'url', address };
      default:
        return null;
    }
  }

  #enable() {
    const sort = { library: 'image', file: 'file', address: 'url' }[this.#tabs?.chosen ?? ''];
    const drive = this.#drives.drive(Number(this.#drive.value || 0));
    this.#options.element.hidden = !this.#may.media || !sort || !this.#drives.any;
    if (sort) this.#options.show(/** @type {'image'|'file'|'url'} */ (sort));
    this.#insert.disabled = this.#busy || !drive || !this.#choice;
    if (this.#busy) return;
    setText(this.#insert, drive && isFilled(drive) ? t('media.replace') : t('media.insert'));
  }

  async #insertNow() {
    const choice = this.#choice;
    const drive = this.#drives.drive(Number(this.#drive.value || 0));
    if (!choice || !drive) return;
    setText(this.#message, '');
    this.#setBusy(true);
    try {
      await insertMedium(this.target, drive, choice, this.#options.value);
      this.#announcer.say(t('media.inserted', { index: drive.index }));
      if (choice.sort === 'file') this.#file.clear();
      if (choice.sort === 'url') this.#address.forget();
    } catch (error) {
      if (isFilled(drive)) this.#drives.refused(drive.index);
      setText(this.#message, sentence(error));
    }
    this.#setBusy(false);
    await this.refresh();
    if (this.#tabs.chosen === 'library') void this.#library.refresh();
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.#busy = busy;
    if (busy) this.#insert.setAttribute('aria-busy', 'true');
    else this.#insert.removeAttribute('aria-busy');
    this.#enable();
  }

  /** @param {Dropped} dropped */
  async #upload(dropped) {
    setText(this.#message, '');
    try {
      await uploadDropped(dropped);
    } catch (error) {
      setText(this.#message, sentence(error));
    }
    this.#uploads.element.scrollIntoView({ block: 'nearest' });
  }

  /** @param {import('./recent_media.js').Recent} recent */
  #takeRecent({ sort, name }) {
    if (sort === 'file') return this.#pick();
    this.#tabs.choose(sort === 'image' ? 'library' : 'address');
    if (sort === 'image') void this.#library.choose(name);
    else this.#address.take(name);
  }
}
