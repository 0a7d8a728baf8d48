/* A small authority for tests, by the openssl command: servers' and clients' certificates, good and bad ones. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'], encoding: 'latin1' });

export class Authority {
  /** @param {string} folder @param {string} name */
  constructor(folder, name) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.serial = 1;
    this.key = join(folder, `${name}.key`);
    this.certificate = join(folder, `${name}.crt`);
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', `/CN=${name}`,
      '-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', this.key, '-out', this.certificate);
  }

  /**
   * from, to: dates as openssl has them, relative days otherwise.
   * @param {string} name of the files @param {{subject?: string, san?: string, use?: string, days?: number, key?: string[]}} [how]
   */
  issue(name, { subject = `/CN=${name}`, san = 'DNS:localhost', use = 'serverAuth', days = 90, key = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] } = {}) {
    const at = (end) => join(this.folder, `${name}.${end}`);
    const serial = String(++this.serial);
    writeFileSync(at('ext'), `basicConstraints=critical,CA:FALSE\nextendedKeyUsage=${use}\nsubjectAltName=${san}\n`);
    openssl('req', '-new', '-newkey', ...key, '-nodes', '-subj', subject, '-keyout', at('key'), '-out', at('csr'));
    openssl('x509', '-req', '-in', at('csr'), '-CA', this.certificate, '-CAkey', this.key, '-set_serial', serial, '-days', String(days), '-extfile', at('ext'), '-out', at('crt'));
    return { key: at('key'), certificate: at('crt'), serial };
  }

  /** A list of revoked certificates. @param {{serial: string}[]} revoked */
  revoke(revoked) {
    const at = (name) => join(this.folder, name);
    const line = ({ serial }) => `R\t331231235959Z\t260101000000Z\t${Number(serial).toString(16).padStart(2, '0').toUpperCase()}\tunknown\t/CN=gone\n`;
    writeFileSync(at('index.txt'), revoked.map(line).join(''));
    writeFileSync(at('crlnumber'), '01\n');
    writeFileSync(at('ca.cnf'), `[ca]\ndefault_ca=x\n[x]\ndatabase=${at('index.txt')}\ncrlnumber=${at('crlnumber')}\ndefault_md=sha256\n`);
    openssl('ca', '-config', at('ca.cnf'), '-gencrl', '-keyfile', this.key, '-cert', this.certificate, '-crldays', '30', '-out', at('list.crl'));
    return at('list.crl');
  }
}
