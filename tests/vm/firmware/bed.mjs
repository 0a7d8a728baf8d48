/* The dongle of a test, met by REST: its gadget is exported by USB/IP, for the machines that the test makes. */
import assert from 'node:assert/strict';
import { Rest } from '../target/client.mjs';
import { Board } from '../guest/board.mjs';
import { until } from '../../web/until.mjs';
import { BOOT_ISO } from './disc.mjs';

export class Dongle extends Board {
  /** append: to its kernel's command line. @param {Record<string, string|number>} keys of the target's section */
  static async start(keys, append = '') {
    const self = new Dongle();
    try {
      await self.bootBoard({ udc: 'usbip', keys: { capture: '', ...keys }, append, capture: false });
      await self.addImage(BOOT_ISO, 'boot.iso');
      await self.launch(process.env.SHOW_LOG ? 'LIGHTSOUT_LOG=debug' : '');
      self.rest = new Rest(self);
      await self.rest.setUp();
      await until(async () => (await self.usb()).bound, 'the gadget is bound');
    } catch (error) {
      console.log(self.log);
      self.destroy();
      throw error;
    }
    return self;
  }

  /** It must work; the answer's body. @param {string} method @param {string} path @param {object} [body] */
  call(method, path, body) {
    return this.rest.ok(method, `/targets/pc${path}`, body);
  }

  usb() {
    return this.call('GET', '/usb');
  }

  /** @param {string} personality */
  async become(personality) {
    await this.call('PUT', '/usb', { personality });
    await until(async () => (await this.usb()).personality === personality, `the gadget is ${personality}`);
  }

  insert(drive = 0, image = 'boot.iso') {
    return this.call('POST', `/drives/${drive}/insert`, { image, kind: 'cdrom' });
  }

  eject(drive = 0) {
    return this.call('POST', `/drives/${drive}/eject`, { force: true });
  }

  /** @param {...string} keys */
  press(...keys) {
    return this.call('POST', '/keys', { keys, force: true });
  }
}
