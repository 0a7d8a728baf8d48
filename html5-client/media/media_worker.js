/* Worker entry: serves files as media, away from the page's own work and from the console's. Each message names the
 * session that it is for by a key of the page's. */

import { base } from '../base.js';
import { MediaSession } from './media_session.js';

/** @typedef {{key: number} & ({type: 'serve', start: import('./media_session.js').MediaStart} | {type: 'withdraw'|'retry'})} MediaCommand */
/** @typedef {{key: number, state: import('./media_session.js').SessionState}} MediaReport */

/**
 * @typedef {object} WorkerScope
 * @property {(message: MediaReport) => void} postMessage
 * @property {((event: MessageEvent<MediaCommand>) => void)|null} onmessage
 * @property {(name: 'online', run: () => void) => void} addEventListener
 */
const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (self));

/** @type {Map<number, MediaSession>} */
const sessions = new Map();

/** @type {import('./media_session.js').SessionWorld} */
const world = {
  origin: location.origin + base,
  fetch: (url, options) => fetch(url, options),
  socket: (url, protocol) => new WebSocket(url, protocol),
  now: () => performance.now(),
};

scope.onmessage = (/** @type {MessageEvent<MediaCommand>} */ { data }) => {
  const { key } = data;
  if (data.type === 'serve') {
    const report = (/** @type {import('./media_session.js').SessionState} */ state) => {
      scope.postMessage({ key, state });
      if (state.phase === 'ended') sessions.delete(key);
    };
    sessions.set(key, new MediaSession(data.start, report, world));
  } else if (data.type === 'retry') sessions.get(key)?.retryNow();
  else sessions.get(key)?.withdraw();
};

scope.addEventListener('online', () => {
  for (const session of sessions.values()) session.retryNow();
});
