/* In which order and company keys are shown. A key that stands nowhere here comes at the end, so that none is missing. */

/** @typedef {{name: string, keys: string[]}} Group */

/** @type {Group[]} */
const GATEWAY_GROUPS = [
  { name: 'addresses', keys: ['listen', 'public-names', 'base-path', 'trusted-proxies'] },
  { name: 'audit', keys: ['audit-keep', 'audit-full', 'audit-file', 'audit-syslog', 'audit-syslog-ca'] },
  { name: 'process', keys: ['user', 'sandbox', 'state', 'secret-file', 'first-user-file'] },
];

/** @type {Group[]} */
export const MEDIA_GROUPS = [
  { name: 'cache', keys: ['cache-memory', 'cache-disk', 'recordings-keep'] },
  { name: 'outward', keys: ['outward-allow', 'outward-deny', 'outward-proxy', 'outward-ca'] },
  { name: 'nbd', keys: ['nbd-listen', 'nbd-psk-file', 'nbd-client-ca'] },
];

/** @type {Group[]} */
export const CERTIFICATE_GROUPS = [{ name: 'tls-files', keys: ['certificate', 'certificate-key', 'client-ca', 'client-crl'] }];

/** @type {Group[]} */
export const DIRECTORY_GROUPS = [
  { name: 'servers', keys: ['directory-url', 'directory-ca', 'directory-timeout'] },
  { name: 'bind', keys: ['directory-bind-dn', 'directory-bind-password-file'] },
  { name: 'people', keys: ['directory-base', 'directory-user-filter', 'directory-user-dn'] },
  { name: 'groups', keys: ['directory-group-base', 'directory-group-filter', 'directory-group'] },
];

/** @type {Group[]} */
const TARGET_GROUPS = [
  { name: 'general', keys: ['title', 'group', 'machine', 'layout', 'seat', 'seat-idle', 'jiggler'] },
  { name: 'vm', keys: ['memory', 'cpus', 'firmware', 'accel', 'tpm', 'lifetime', 'serial-extra', 'extra-arguments'] },
  { name: 'disks', keys: ['disk', 'disk2', 'disk3', 'disk4', 'nic', 'mac'] },
  { name: 'picture', keys: ['capture', 'capture-format', 'capture-input', 'edid', 'dma-heap', 'media', 'media-subdevs', 'format', 'noise', 'recording'] },
  { name: 'drives', keys: ['drives', 'media-wait', 'empty-drives', 'big-cd'] },
  { name: 'usb', keys: ['udc', 'personality', 'remote-wakeup', 'usb-vendor', 'usb-product', 'usb-manufacturer', 'usb-name', 'usb-serial'] },
  {
    name: 'power',
    keys: ['gpio-power-button', 'gpio-reset-button', 'gpio-power-led', 'gpio-disk-led', 'press-short', 'press-long', 'wake-mac', 'wake-secureon', 'wake-broadcast'],
  },
  { name: 'boot', keys: ['boot-keys-cd', 'boot-keys-disk', 'boot-keys-pxe', 'boot-keys-menu', 'boot-keys-setup'] },
];

/** Of the gateway's keys, those that have their place in another section. */
const ELSEWHERE = new Set([[{ keys: ['library'] }], MEDIA_GROUPS, CERTIFICATE_GROUPS, DIRECTORY_GROUPS].flat().flatMap(({ keys }) => keys));

/** @template {{name: string}} K @param {Group[]} groups @param {K[]} keys @returns {{name: string, keys: K[]}[]} without empty ones */
function grouped(groups, keys) {
  const placed = new Set(groups.flatMap((group) => group.keys));
  const all = [
    ...groups.map((group) => ({ name: group.name, keys: group.keys.flatMap((name) => keys.filter((key) => key.name === name)) })),
    { name: 'more', keys: keys.filter(({ name }) => !placed.has(name)) },
  ];
  return all.filter((group) => group.keys.length);
}

/** @template {{name: string}} K @param {K[]} keys of the gateway */
export const gatewayGroups = (keys) => grouped(GATEWAY_GROUPS, keys.filter(({ name }) => !ELSEWHERE.has(name)));

/** @template {{name: string}} K @param {K[]} keys of a target */
export const targetGroups = (keys) => grouped(TARGET_GROUPS, keys);

/** Only those. @template {{name: string}} K @param {Group[]} groups @param {K[]} keys */
export const onlyGroups = (groups, keys) => grouped(groups, keys).filter(({ name }) => name !== 'more');
