/* A real nginx in front of a gateway: its own configuration, folder, port and process; ended by its pid. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './until.mjs';

/** Whether something takes connections there. @param {number} port */
const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('connect', () => socket.destroy()).on('error', () => resolve(false));
  });

export class Nginx {
  /** folder: an empty one of the test's. @param {{folder: string, port: number, base: string, upstream: number}} options */
  static async start({ folder, port, base, upstream }) {
    const self = new Nginx();
    mkdirSync(folder, { recursive: true });
    self.key = join(folder, 'proxy.key');
    self.certificate = join(folder, 'proxy.crt');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost', '-keyout', self.key, '-out', self.certificate], { stdio: 'ignore' });
    writeFileSync(join(folder, 'nginx.conf'), self.#configuration({ folder, port, base, upstream }));
    self.child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'start.log')], { stdio: 'ignore' });
    await until(() => listens(port), 'nginx takes connections');
    return self;
  }

  /* The recipe of docs/tls.md, with what a test needs around it. */
  #configuration({ folder, port, base, upstream }) {
    const room = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
    return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 256; }
http {
  access_log off;
  ${room.join('\n  ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${this.certificate};
    ssl_certificate_key ${this.key};
    location ${base}/ {
      proxy_pass https://127.0.0.1:${upstream};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_or_upgrade;
      proxy_buffering off;
      proxy_request_buffering off;
      client_max_body_size 0;
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }
  }
  map $http_upgrade $connection_or_upgrade { default upgrade; '' close; }
}
`;
  }

  async stop() {
    if (!this.child || this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await until(() => this.child.exitCode !== null || this.child.signalCode !== null, 'nginx ends');
  }
}
