/* Worker entry: the first message starts the session, the rest are commands for it. */

import { ConsoleSession } from './console_session.js';

/**
 * @typedef {object} WorkerScope
 * @property {(message: unknown, transfer?: Transferable[]) => void} postMessage
 * @property {((event: MessageEvent) => void)|null} onmessage
 * @property {() => void} close
 */
const scope = /** @type {WorkerScope} */ (/** @type {unknown} */ (self));

/** @type {ConsoleSession|null} */
let session = null;

scope.onmessage = (/** @type {MessageEvent} */ { data }) => {
  if (!session) {
    session = new ConsoleSession(data, (report, transfer) => scope.postMessage(report, transfer));
    return;
  }
  session.command(data);
  if (data.type === 'stop') scope.close();
};
