/* Settings of a fake gateway: keys of every type, one that the file owns, another admin, a trial; and the answers of what
 * stands beside them. */

const key = (name, more = {}) => ({
  name, section: 'gateway', machines: null, type: 'text', choices: null, min: null, max: null, unit: null, default: null, many: false, page: true, devices: null, applies: 'now', trial: null,
  help: `What ${name} is.`, remedy: `give ${name}`, ...more,
});
const ALL = ['qemu', 'testcard', 'replay', 'dongle'];
const ofTarget = (name, machines, more = {}) => key(name, { section: 'target', machines, ...more });
const LIST = { type: 'list' };
const PATH = { type: 'path', page: false };
const BOOL = { type: 'bool', choices: ['yes', 'no'], default: 'no' };

export const KEYS = [
  key('listen', { ...LIST, default: '127.0.0.1:8443 [::1]:8443', trial: 'listeners' }),
  key('public-names', { ...LIST, default: 'localhost 127.0.0.1 [::1]', trial: 'listeners' }),
  key('base-path', { trial: 'listeners' }),
  key('trusted-proxies', { ...LIST, trial: 'listeners' }),
  key('audit-keep', { type: 'number', min: 1000, max: 10000000, default: '100000', applies: 'now' }),
  key('audit-full', { type: 'choice', choices: ['go-on', 'refuse'], default: 'go-on', applies: 'now' }),
  key('audit-file', { ...PATH, applies: 'now' }),
  key('audit-syslog', { applies: 'now' }),
  key('state', { ...PATH, applies: 'restart' }),
  key('user', { page: false, applies: 'restart' }),
  key('sandbox', { type: 'choice', choices: ['require', 'best'], default: 'require', page: false, applies: 'restart' }),
  key('library', { ...PATH, applies: 'gateway' }),
  key('cache-memory', { type: 'size', min: 4, max: 65536, default: '64M', applies: 'gateway' }),
  key('cache-disk', { type: 'size', min: 0, max: 16777216, default: '2G', applies: 'gateway' }),
  key('outward-allow', { ...LIST, page: false, applies: 'now' }),
  key('outward-deny', { ...LIST, applies: 'now' }),
  key('outward-proxy', { applies: 'now' }),
  key('certificate', PATH),
  key('certificate-key', PATH),
  key('client-ca', PATH),
  key('nbd-listen', { ...LIST, applies: 'gateway' }),
  key('directory-url', { ...LIST, trial: 'login-rules' }),
  key('directory-base', { trial: 'login-rules' }),
  key('directory-user-filter', { default: '(uid=%u)', trial: 'login-rules' }),
  key('directory-bind-dn', { trial: 'login-rules' }),
  key('directory-bind-password-file', PATH),
  key('directory-group', { type: 'list', many: true, default: [], trial: 'login-rules' }),
  key('directory-timeout', { type: 'number', min: 1, max: 20, default: '4', unit: 's' }),
  ofTarget('machine', ALL, { type: 'choice', choices: ALL, applies: 'machine' }),
  ofTarget('title', ALL),
  ofTarget('group', ALL),
  ofTarget('seat', ALL, { type: 'choice', choices: ['exclusive', 'shared'], default: 'exclusive' }),
  ofTarget('seat-idle', ALL, { type: 'number', min: 0, max: 86400, default: '600', unit: 's' }),
  ofTarget('memory', ['qemu'], { type: 'number', min: 64, max: 1048576, default: '1024', unit: 'MB', applies: 'machine' }),
  ofTarget('cpus', ['qemu'], { type: 'number', min: 1, max: 64, default: '1', applies: 'machine' }),
  ofTarget('firmware', ['qemu'], { type: 'choice', choices: ['bios', 'uefi', 'uefi-secure'], default: 'bios', applies: 'machine' }),
  ofTarget('tpm', ['qemu'], { ...BOOL, applies: 'machine' }),
  ofTarget('disk', ['qemu'], { applies: 'machine' }),
  ofTarget('nic', ['qemu'], { default: 'user', applies: 'machine' }),
  ofTarget('extra-arguments', ['qemu'], { page: false, applies: 'machine' }),
  ofTarget('format', ['testcard'], { type: 'choice', choices: ['bgrx', 'yuyv', 'nv12'], default: 'bgrx' }),
  ofTarget('noise', ['testcard'], BOOL),
  ofTarget('capture', ['dongle'], { type: 'device', devices: 'capture' }),
  ofTarget('edid', ['dongle'], { default: 'keep' }),
  ofTarget('udc', ['dongle'], { type: 'device', devices: 'udc', default: 'auto' }),
  ofTarget('personality', ['dongle'], { type: 'choice', choices: ['auto', 'full', 'keyboard'], default: 'auto' }),
  ofTarget('gpio-power-button', ['dongle'], { type: 'device', devices: 'gpio' }),
  ofTarget('wake-mac', ['dongle']),
];

const said = (value, origin = 'page', more = {}) => ({ value, origin, locked: origin === 'file', ...(origin === 'page' ? { changed: { who: 'berta', time: 1795000000 } } : {}), ...more });

/** Every key has an entry. @param {Record<string, any>} values */
function entries(section, machine, values) {
  const own = KEYS.filter((one) => one.section === section && (!machine || one.machines.includes(machine)));
  return Object.fromEntries(own.map((one) => [one.name, values[one.name] ?? { value: one.default, origin: 'default', locked: false }]));
}

export class FakeSettings {
  changes = [];
  waiting = [];
  pending = null;
  number = 1;
  /** Answers the next change with 412, after this. @type {(() => void)|null} */
  before = null;
  gateway = entries('gateway', null, {
    listen: said('0.0.0.0:8443 [::]:8443', 'file'), 'public-names': said('kvm.example.org localhost', 'file'), 'audit-keep': said('250000'), library: said('/srv/images', 'file'),
    'directory-url': said('ldaps://ldap1.example.org ldaps://ldap2.example.org'), 'directory-base': said('ou=people,dc=example,dc=org'),
    'directory-group': said(['cn=kvm-admins,ou=groups,dc=example,dc=org -> Administrator', 'cn=web-team,ou=groups,dc=example,dc=org -> web1:view,input']),
  });
  targets = {
    web1: { machine: 'qemu', removable: true, keys: entries('target', 'qemu', { machine: said('qemu'), memory: said('4096'), title: said('Web server, first rack'), disk: said('system.qcow2,size=20G') }) },
    desk: { machine: 'dongle', removable: false, keys: entries('target', 'dongle', { machine: said('dongle', 'file'), capture: said('/dev/video0', 'file'), udc: said('fe980000.usb') }) },
    card: { machine: 'testcard', removable: true, keys: entries('target', 'testcard', { machine: said('testcard') }) },
  };
  users = [
    { name: 'anna', role: 'Administrator', enabled: true, origin: 'local', second_factor: true, certificate: null, grants: [] },
    { name: 'berta', role: 'Operator', enabled: true, origin: 'local', second_factor: false, certificate: 'cn:berta', grants: [] },
    { name: 'carl', role: 'Custom', enabled: false, origin: 'local', second_factor: false, certificate: null, grants: [{ target: '*', rights: ['view'] }, { target: 'web1', rights: ['input', 'power'] }, { target: '', rights: ['library'] }] },
    { name: 'dora', role: 'Operator', enabled: true, origin: 'directory', second_factor: true, certificate: null, grants: [] },
  ];

  get config() {
    return {
      etag: String(this.number), gateway: this.gateway, targets: this.targets, waiting: this.waiting, ignored: [], file: '/etc/lightsout/lightsout.conf', pending: this.pending,
    };
  }

  /** @param {any} patch */
  change(patch) {
    this.changes.push(patch);
    if (this.before) {
      this.before();
      this.before = null;
      this.number++;
      return { status: 412, error: { code: 'changed', message: 'Somebody else changed the settings.', who: 'berta', time: 1795000300 }, config: this.config };
    }
    const bad = Object.entries(patch.gateway ?? {}).filter(([, value]) => value === 'bad');
    if (bad.length) return { status: 422, error: { code: 'bad-config', message: 'Wrong.', keys: bad.map(([name]) => ({ section: 'gateway', key: name, message: `Write ${name} otherwise.` })) } };
    this.number++;
    const put = (keys, changes) => {
      for (const [name, value] of Object.entries(changes)) keys[name] = value === null ? { value: KEYS.find((one) => one.name === name).default, origin: 'default', locked: false } : said(value);
    };
    put(this.gateway, patch.gateway ?? {});
    for (const [name, changes] of Object.entries(patch.targets ?? {})) put(this.targets[name].keys, changes);
    const trial = Object.keys(patch.gateway ?? {}).map((name) => KEYS.find((one) => one.name === name).trial).find(Boolean);
    if (trial) this.pending = { kind: trial, who: 'anna', seconds_left: 300 };
    this.waiting = Object.keys(patch.gateway ?? {}).map((name) => KEYS.find((one) => one.name === name)).filter(({ applies }) => applies !== 'now').map(({ name, applies }) => ({ section: 'gateway', key: name, applies, value: patch.gateway[name], running: null }));
    return this.config;
  }

  /** For FakeGateway.answers. */
  get answers() {
    const now = Math.floor(Date.now() / 1000);
    const line = (number, who, what, target, detail) => ({ number, time: now - number * 97, who, what, target, detail, mac: '', hash: '' });
    return {
      'GET /api/v1/config/keys': { keys: KEYS },
      'GET /api/v1/config': () => this.config,
      'PATCH /api/v1/config': (body) => this.change(body),
      'GET /api/v1/pending-change': () => ({ change: this.pending }),
      'POST /api/v1/pending-change/confirm': () => ((this.pending = null), {}),
      'POST /api/v1/pending-change/revert': () => ((this.pending = null), {}),
      'GET /api/v1/devices': {
        capture: [{ node: '/dev/video0', stable: '', card: 'HDMI to CSI-2 bridge', driver: 'unicam', target: 'desk' }, { node: '/dev/video2', stable: '/dev/v4l/by-id/usb-MACROSILICON_USB3-video-index0', card: 'USB3 Video', driver: 'uvcvideo', target: null }],
        udc: [{ name: 'fe980000.usb', state: 'configured', gadget: 'configfs-gadget.desk', target: 'desk' }], gpio: [{ chip: 'gpiochip0', label: 'pinctrl-bcm2711', lines: 54, used: [{ line: 17, target: 'desk' }] }],
        qemu: { installed: true, kvm: true, tpm: true, bios: true, uefi: true, uefi_secure: false }, left_out: 0,
      },
      'GET /api/v1/users': () => ({ users: this.users }),
      'GET /api/v1/sessions?all=1': { sessions: [{ id: 1, user: 'berta', kind: 'browser', peer: '192.0.2.17', agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0', created: now - 7200, used: now - 60, current: false }] },
      'GET /api/v1/certificate': {
        subject: 'CN=kvm.example.org', names: ['kvm.example.org', 'localhost', '127.0.0.1'], issuer: 'CN=Example Issuing CA 3, O=Example', from: now - 86400 * 60, to: now + 86400 * 21,
        fingerprint: 'A1:B2:C3:D4:'.repeat(8).slice(0, -1), days_left: 21, source: 'set', chain: 2, on_trial: false,
      },
      'GET /api/v1/images': { images: [{ name: 'debian-13.iso', size: 7e8, modified: now, kind: 'cdrom', usable: true, why: '', folder: false, in_use: false }], free: 3.1e11, total: 5e11 },
      'GET /api/v1/exports': { exports: [{ name: 'install', image: 'debian-13.iso', identity: 'psk:lab', read_only: true, usable: true, why: '', connections: 2, bytes_read: 1, bytes_written: 0 }] },
      'GET /api/v1/audit?limit=50': () => ({
        lines: [
          line(1, 'anna', 'login', '', 'password and code, from 192.0.2.4'), line(2, 'berta', 'config-changed', '', 'audit-keep: 100000 -> 250000'), line(3, 'berta', 'power', 'web1', 'reset'),
          line(4, 'carl', 'login-refused', '', 'the account is locked'), line(5, 'anna', 'media-inserted', 'desk', 'debian-13.iso into drive 0, read-only'), line(6, 'gateway', 'audit-head', '', ''),
        ],
        next: 900,
      }),
      'GET /api/v1/audit/state': {
        key: '9f8e7d6c5b4a'.repeat(5) + 'abcd', section: 1, newest: 10234, signed: 10200, removed: 0, keep: 250000, waiting: 0, lost: 0, changed: false, full: 'go-on', refusing: false,
        file: { used: true, good: true, sent: 10234, lost: 0 }, syslog: { used: false, sent: 0, lost: 0 },
      },
      'GET /api/v1/system': { clock: { synchronised: false, time: Date.now() - 20000 } },
    };
  }
}
