/* In which language text is recognised: one that the gateway knows, chosen for this browser. */

import { language } from '../../parts/messages.js';

/** What tesseract calls the page's languages. @type {Record<string, string>} */
const OF_PAGE = { en: 'eng', de: 'deu', es: 'spa', fr: 'fra', zh: 'chi_sim' };
/** Names of its own, as Intl knows them. @type {Record<string, string>} */
const TAGS = { chi_sim: 'zh-Hans', chi_tra: 'zh-Hant' };

/** @param {string[]} known @param {string} kept */
export const chosenLanguage = (known, kept) => [kept, OF_PAGE[language()], 'eng', ...known].find((one) => known.includes(one)) ?? 'eng';

/** @param {string} name */
export function languageWords(name) {
  try {
    return new Intl.DisplayNames(language(), { type: 'language' }).of(TAGS[name] ?? name) ?? name;
  } catch {
    return name; // none that Intl knows
  }
}
