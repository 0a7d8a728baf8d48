// The page's English messages for tests that run its modules in Node: import this first.
import { readdirSync, readFileSync } from 'node:fs';

import { useMessages } from '../../../html5-client/parts/messages.js';

/** All messages of a language, as the build merges them. @param {string} language */
export function messagesOf(language) {
  const folder = new URL(`../../../html5-client/messages/${language}/`, import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return Object.assign({}, ...files.map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'))));
}

useMessages('en', messagesOf('en'));
