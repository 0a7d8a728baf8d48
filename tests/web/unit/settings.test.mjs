/* Settings without a page: what a value may be, what two admins changed, what a key says of itself, devices to choose from. */
import { messagesOf } from './english.mjs';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deviceChoices, deviceWords } from '../../../html5-client/settings/device_words.js';
import { gatewayGroups, targetGroups } from '../../../html5-client/settings/key_groups.js';
import { differences, faultOf, isEmptyPatch, mebibytesOf, pageAddress, sameValue, sizeText, withoutKeys } from '../../../html5-client/settings/key_rules.js';
import { choiceWords, faultWords, keyHelp, keyLabel, originWords, refusedWords, valueWords } from '../../../html5-client/settings/key_words.js';
import { useMessages } from '../../../html5-client/parts/messages.js';
import { oneTimePassword } from '../../../html5-client/settings/one_time_password.js';

const KEY = { name: 'x', section: 'gateway', machines: null, type: 'text', choices: null, min: null, max: null, unit: null, default: null, many: false, page: true, devices: null, applies: 'now', trial: null, help: 'H.', remedy: '' };
const entry = (value, origin = 'page') => ({ value, origin, locked: false });
const config = (gateway, targets = {}) => ({ etag: '1', gateway, targets, waiting: [], ignored: [], file: null, pending: null });

test('sizes as the file writes them', () => {
  assert.deepEqual(['64M', '2g', '0', '1T', 'x', '12 M', '-1'].map(mebibytesOf), [64, 2048, 0, 1048576, null, null, null]);
  assert.deepEqual([64, 2048, 65536, 16777216, 1536].map(sizeText), ['64M', '2G', '64G', '16T', '1536M']);
});

test('bounds are checked before anything is sent', () => {
  const number = { ...KEY, type: 'number', min: 1, max: 20 };
  assert.deepEqual(['1', '20', '0', '21', 'many', '1.5', '-3', null].map((value) => faultOf(number, value)), ['', '', 'range', 'range', 'number', 'number', 'number', '']);
  const size = { ...KEY, type: 'size', min: 4, max: 65536 };
  assert.deepEqual(['4M', '3M', '64G', '65G', 'lots', '0'].map((value) => faultOf(size, value)), ['', 'range', '', 'range', 'size', 'range']);
  assert.equal(faultOf({ ...size, min: 0 }, '0'), '', 'none is a size where it may be');
  assert.equal(faultOf({ ...KEY, type: 'choice', choices: ['a', 'b'] }, 'c'), 'choice');
  assert.equal(faultOf(KEY, 'a\nb'), 'line', 'a value cannot become a second line of the file');
  assert.equal(faultWords(size, 'range'), 'Give a value from 4M to 64G.');
});

test('one value, however it is laid out', () => {
  assert.ok(sameValue('a b', 'a,\n b'));
  assert.ok(sameValue(null, ''));
  assert.ok(sameValue([], null));
  assert.ok(sameValue(['a', 'b'], ['a', 'b']));
  assert.ok(!sameValue('a', null));
});

test('what another changed, and what both did', () => {
  const before = config({ a: entry('1'), b: entry('1'), c: entry('1') }, { t: { machine: 'qemu', removable: true, keys: { m: entry('1') } } });
  const now = config({ a: entry('2'), b: entry('2'), c: entry('1') }, { t: { machine: 'qemu', removable: true, keys: { m: entry('2') } } });
  const patch = { gateway: { a: '3', c: '4' } };
  const found = differences(before, now, patch);
  assert.deepEqual(found.map(({ section, key, mine }) => [section, key, mine]), [['gateway', 'a', '3'], ['gateway', 'b', undefined], ['target t', 'm', undefined]]);
  assert.deepEqual(withoutKeys(patch, found.slice(0, 1)), { gateway: { c: '4' } });
  assert.ok(isEmptyPatch(withoutKeys({ targets: { t: { m: '9' } } }, found)), 'only theirs is left');
  assert.deepEqual(differences(before, config(before.gateway), {}).map(({ section, theirs }) => [section, theirs]), [['target t', null]], 'a target that is gone');
});

test('keys and values in words; what has none speaks for itself', () => {
  assert.equal(keyLabel('audit-keep'), 'Lines kept');
  assert.equal(keyLabel('brand-new-key'), 'brand-new-key');
  assert.equal(keyHelp({ ...KEY, name: 'brand-new-key', help: 'What the gateway says.' }), 'What the gateway says.');
  assert.equal(choiceWords('firmware', 'uefi-secure'), 'UEFI with Secure Boot');
  assert.equal(choiceWords('firmware', 'coreboot'), 'coreboot');
  assert.equal(valueWords({ ...KEY, type: 'number', unit: 's' }, '1200'), '1,200 s');
  assert.equal(valueWords({ ...KEY, type: 'bool' }, 'yes'), 'Yes');
  assert.equal(valueWords(KEY, null), 'none');
  assert.equal(originWords({ ...entry('x'), changed: { who: 'berta', time: 0 } }, 'f').split(',')[0], 'Set by berta');
  assert.equal(originWords(entry('x', 'file'), '/etc/f'), 'Set in /etc/f');
});

test('no key is lost because nobody grouped it', () => {
  const keys = ['listen', 'library', 'directory-url', 'brand-new-key'].map((name) => ({ name }));
  assert.deepEqual(gatewayGroups(keys).map(({ name, keys: some }) => [name, some.map((one) => one.name)]), [['addresses', ['listen']], ['more', ['brand-new-key']]]);
  assert.deepEqual(targetGroups([{ name: 'other' }]), [{ name: 'more', keys: [{ name: 'other' }] }]);
});

test('devices: the name that stays, and who has it', () => {
  const devices = { capture: [{ node: '/dev/video0', stable: '', target: 'desk' }, { node: '/dev/video2', stable: '/dev/v4l/by-id/usb-x', card: 'Stick', target: null }], udc: [{ name: 'fe98.usb', state: 'not attached', gadget: 'g1' }], gpio: [{ chip: 'gpiochip0', label: 'pins', lines: 2 }] };
  assert.deepEqual(deviceChoices(devices, 'capture').map(deviceWords), ['/dev/video0 – used by desk', 'Stick · /dev/v4l/by-id/usb-x']);
  assert.deepEqual(deviceChoices(devices, 'gpio'), [0, 1].map((line) => ({ value: `gpiochip0:${line}`, words: `gpiochip0:${line} · pins`, taken: '' })));
  assert.deepEqual(deviceChoices(devices, 'udc').map(deviceWords), ['fe98.usb · not attached – used by g1']);
  assert.deepEqual(deviceChoices({}, 'udc'), []);
});

test('passwords that are made are long, and not the same', () => {
  const made = new Set(Array.from({ length: 100 }, oneTimePassword));
  assert.equal(made.size, 100);
  for (const one of made) assert.match(one, /^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
});

test('where the page is after a change of addresses', () => {
  const at = (listen, names, path = null) => pageAddress(config({ listen: entry(listen), 'public-names': entry(names), 'base-path': entry(path) }), { hostname: 'kvm.example.org', protocol: 'https:' });
  assert.equal(at('0.0.0.0:8443 [::]:8443', 'localhost kvm.example.org'), 'https://kvm.example.org:8443/');
  assert.equal(at('*:443', 'other.example.org'), 'https://other.example.org/');
  assert.equal(at('127.0.0.1:8443', 'kvm.example.org:9443', '/kvm'), 'https://kvm.example.org:9443/kvm/');
  assert.equal(at('[::1]:8443', '[2001:db8::1]'), 'https://[2001:db8::1]:8443/');
  assert.equal(at('nonsense', 'kvm.example.org'), null);
});

test('why a value is refused is said in the language of the page', (context) => {
  const mac = { ...KEY, name: 'mac', remedy: 'give six hexadecimal bytes, the first one even, for example mac = 52:54:00:12:34:56' };
  const group = `'01:00:5e:00:00:01' is a group address; ${mac.remedy}`;
  assert.equal(refusedWords(mac, group), group);
  context.after(() => useMessages('en', messagesOf('en')));
  useMessages('de', messagesOf('de'));
  const example = 'Zum Beispiel: mac = 52:54:00:12:34:56';
  assert.equal(refusedWords(mac, group), `Das ist die Adresse einer Gruppe, nicht eines Geräts. ${example}`);
  assert.equal(refusedWords(mac, `'it's 'x' y' is not understood; ${mac.remedy}`), `So lässt sich das nicht lesen. ${example}`);
  const title = { ...KEY, name: 'title', remedy: 'give up to 80 bytes of text, for example title = Print server, second floor' };
  assert.equal(refusedWords(title, `'Attic' is longer than 80 bytes; ${title.remedy}`), 'Das ist zu lang; höchstens 80 Bytes. Zum Beispiel: title = Print server, second floor');
  const seat = { ...KEY, name: 'seat-idle', remedy: 'give seconds from 1 to 86400' };
  assert.equal(refusedWords(seat, `'x' is no number; ${seat.remedy}`), 'So lässt sich das nicht lesen.');
  assert.equal(refusedWords(mac, "targets 'attic' and 'cellar' share 'fe980000.usb'; give each a controller of its own"), 'attic und cellar können sich fe980000.usb nicht teilen.');
  assert.equal(refusedWords(null, 'UEFI does not start in 64 MB; give at least 128'), 'UEFI braucht wenigstens 128 MB.');
  assert.equal(refusedWords(null, 'Nobody ever heard of this.'), 'Das geht nicht: Nobody ever heard of this.');
});
