/* What the page says of drives, images and uploads; what it keeps of what was inserted; what was dropped. */
import './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { droppedFiles, pickedFolders } from '../../../html5-client/media/dropped_files.js';
import { bootWords, copyWords, endWords, factWords, imageWords, isFilled, linkWords, originWords, uploadWords } from '../../../html5-client/media/media_words.js';
import { spanWords } from '../../../html5-client/parts/words.js';
import { addressToKeep, recentMedia, rememberMedium } from '../../../html5-client/media/recent_media.js';

const DRIVE = {
  index: 0, phase: 'inserted', kind: 'cdrom', medium: 'a.iso', origin: 'stream', url: null, size: 4e9, read_only: true, overlay: 'none', changed: 0,
  bytes_read: 2e6, bytes_written: 0, rate: 0, idle_ms: 5000, link: 'good', words: '', copy: null, boot_once: false, locked: false, paused: false, firmware: '', id: 'ab', reason: '',
};
const SERVED = { phase: 'serving', why: '', end: null, id: 'ab', sent: 0, copied: 0, complete: false, trouble: 0 };

test('the copy’s progress is not told twice', () => {
  const copy = { done: 1, size: 10, complete: false };
  assert.equal(linkWords({ ...DRIVE, copy, words: 'It is being copied to the library: 10 %.' }, SERVED), null);
  assert.match(linkWords({ ...DRIVE, words: 'It is not copied to the library: no room.' }, SERVED).text, /no room/);
});

test('where a medium comes from, and what is done with it', () => {
  assert.equal(originWords(DRIVE, true), 'From this computer');
  assert.equal(originWords(DRIVE, false), 'From the computer that inserted it');
  assert.equal(originWords({ ...DRIVE, origin: 'nbd', url: 'nbds://nas/iso' }, false), 'From nbds://nas/iso');
  assert.equal(factWords(DRIVE, true), 'From this computer · 4.0 GB · read-only · 2.0 MB read');
  const stick = { ...DRIVE, origin: 'library', read_only: false, overlay: 'discard', bytes_written: 5e6, changed: 4e6, rate: 1.5e6, boot_once: true };
  assert.equal(factWords(stick, false), 'From the library · 4.0 GB · writable, changes are thrown away · 2.0 MB read · 5.0 MB written · 4.0 MB changed · 1.5 MB/s · boots from it once');
  assert.deepEqual(['empty', 'inserting', 'inserted', 'ejecting', 'ejected-by-target', 'failed'].map((phase) => isFilled({ phase })), [false, true, true, true, false, false]);
});

test('a source that is away, a paused machine, a file that changed', () => {
  assert.equal(linkWords(DRIVE, null), null);
  assert.deepEqual(linkWords({ ...DRIVE, link: 'waiting', words: 'the page is away for 3 s' }, null), { text: 'The page is away for 3 s.', tone: 'warn' });
  assert.match(linkWords({ ...DRIVE, link: 'lost' }, null).text, /reads failed/);
  assert.equal(linkWords({ ...DRIVE, link: 'lost' }, null).tone, 'danger');
  assert.match(linkWords({ ...DRIVE, link: 'waiting', paused: true }, { ...SERVED, phase: 'waiting', why: 'Lost.' }).text, /^Lost\. The machine is paused/);
  assert.match(linkWords(DRIVE, { ...SERVED, trouble: 2 }).text, /Pick it again/);
  assert.match(linkWords(DRIVE, { ...SERVED, trouble: 1 }).text, /medium error/);
  assert.deepEqual(linkWords({ ...DRIVE, reason: 'block 7 differs' }, null), { text: 'Block 7 differs.', tone: 'danger' });
});

test('who may close which tab, and when', () => {
  assert.match(copyWords(DRIVE, true), /^Keep this tab open/);
  assert.equal(copyWords(DRIVE, false), '');
  const copy = { done: 1e9, size: 4e9, complete: false };
  assert.equal(copyWords({ ...DRIVE, copy }, true), 'Being copied to the library: 25 %, 1.0 GB of 4.0 GB. Keep this tab open until then.');
  assert.equal(copyWords({ ...DRIVE, copy }, false), 'Being copied to the library: 25 %, 1.0 GB of 4.0 GB.');
  assert.match(copyWords({ ...DRIVE, copy: { ...copy, complete: true } }, true), /you may close this tab/);
});

test('why a file is no longer brought', () => {
  const ended = (end, why = '') => endWords('a.iso', { ...SERVED, phase: 'ended', end, why });
  assert.match(ended('replaced'), /“a\.iso” is brought by another page/);
  assert.equal(ended('refused', 'drive 0 holds b.iso'), 'Drive 0 holds b.iso.');
  assert.match(ended('protocol'), /could not be brought/);
});

test('images and what starts from them', () => {
  const image = { name: 'a', size: 5e9, usable: true, why: '', folder: false, in_use: true, kind: 'cdrom', modified: 0 };
  assert.equal(imageWords(image), '5.0 GB · in use');
  assert.equal(imageWords({ ...image, usable: false, why: 'empty' }), 'Not usable: empty');
  const facts = { firmware: '', boots: ['bios', 'uefi'], disk_boots: ['uefi'], hybrid: true, kind: 'cdrom' };
  assert.equal(bootWords({ ...facts, firmware: 'a CD' }), 'A CD.');
  assert.equal(bootWords(facts), 'CD that starts BIOS and UEFI machines; USB disk that starts UEFI machines.');
  assert.equal(bootWords({ ...facts, boots: [], hybrid: false }), 'Nothing to start from was found.');
});

test('uploads and times', () => {
  const state = { phase: 'sending', id: 'a', offset: 1e9, rate: 25e6, secondsLeft: 120, unpacked: 0, why: '', code: '', name: 'a.iso', sha256: null };
  assert.equal(uploadWords(state, 4e9), '25 % of 4.0 GB · 25 MB/s · 2 min left');
  assert.equal(uploadWords({ ...state, rate: 0, secondsLeft: null }, 4e9), '25 % of 4.0 GB');
  assert.equal(uploadWords({ ...state, phase: 'finishing', unpacked: 8e9 }, 4e9), 'Being unpacked: 8.0 GB so far');
  assert.equal(uploadWords({ ...state, phase: 'paused', code: 'no-room', why: 'Full.' }, 4e9), '25 % of 4.0 GB · Full.');
  assert.equal(uploadWords({ ...state, phase: 'done' }, 4e9), 'In the library as a.iso');
  assert.deepEqual([0.2, 59, 61, 3599, 3660, 90000].map(spanWords), ['1 s', '59 s', '1 min', '1 h 0 min', '1 h 1 min', '25 h 0 min']);
});

test('nothing that gives access is kept of an address', () => {
  assert.equal(addressToKeep('https://anna:pw@host/a.iso#x'), 'https://host/a.iso');
  assert.equal(addressToKeep('https://host/get?file=a.iso'), 'https://host/get?file=a.iso');
  for (const secret of ['X-Amz-Signature=1', 'token=1', 'apikey=1', 'sig=1', 'password=1', 'access_key=1']) assert.equal(addressToKeep(`https://host/a?${secret}`), null, secret);
  assert.equal(addressToKeep('nonsense'), null);
});

test('recent media are each user’s own, newest first, each once, twelve at most', () => {
  const kept = new Map();
  globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  for (let i = 0; i < 15; i++) rememberMedium('anna', { sort: 'image', name: `${i}.iso` });
  rememberMedium('anna', { sort: 'image', name: '10.iso' });
  rememberMedium('anna', { sort: 'url', name: 'https://host/?token=1' });
  assert.deepEqual(recentMedia('anna').slice(0, 2), [{ sort: 'image', name: '10.iso' }, { sort: 'image', name: '14.iso' }]);
  assert.equal(recentMedia('anna').length, 12);
  assert.deepEqual(recentMedia('otto'), []);
  kept.set('lightsout-recent-media:otto', '{"not":"a list"}');
  assert.deepEqual(recentMedia('otto'), []);
});

test('what was dropped: files, a folder with more entries than one answer has, an address', async () => {
  const asFile = (name) => ({ kind: 'file', getAsFile: () => ({ name }), webkitGetAsEntry: () => ({ isDirectory: false, name }) });
  const inside = Array.from({ length: 250 }, (_, i) => ({ isFile: i !== 7, name: `f${i}`, file: (done) => done({ name: `f${i}` }) }));
  const createReader = () => {
    const rest = [...inside];
    return { readEntries: (done) => done(rest.splice(0, 100)) };
  };
  const asFolder = { kind: 'file', getAsFile: () => null, webkitGetAsEntry: () => ({ isDirectory: true, name: 'answers', createReader }) };
  const none = { getData: () => '' };
  const { files, folders } = await droppedFiles({ ...none, items: [asFile('a.iso'), asFolder, { kind: 'string' }] });
  assert.deepEqual(files.map(({ name }) => name), ['a.iso']);
  assert.deepEqual([folders[0].name, folders[0].files.length, folders[0].skipped], ['answers', 249, 1]);
  const { url } = await droppedFiles({ getData: () => '# dragged\r\nhttps://host/a.iso\r\n', items: [] });
  assert.equal(url, 'https://host/a.iso');
});

test('a picked folder has its files, and counts what lies deeper', () => {
  const folders = pickedFolders([{ webkitRelativePath: 'a/x' }, { webkitRelativePath: 'a/y' }, { webkitRelativePath: 'a/b/z' }]);
  assert.deepEqual(folders.map(({ name, files, skipped }) => [name, files.length, skipped]), [['a', 2, 1]]);
});
