/** What is wrong with a campaign document, in the reader's language. */
import { t, currentLanguage } from './i18n.js';
import { sayings } from './i18n/document.de.js';

/** @typedef {import('./types.js').Saying} Saying */

/** @param {Saying} s @returns {string} */
function said(s) {
  const form = currentLanguage() === 'de' && s.code ? sayings[s.code] : undefined;
  return form === undefined ? s.text : form.replace(/\{(\d)\}/g, (_, n) => (s.args?.[Number(n)] ? said(s.args[Number(n)]) : ''));
}

/** One problem a line: where, what, and what to do. @param {import('./types.js').DocumentProblem[]} problems */
export function documentWords(problems) {
  return problems.map(p => {
    const at = /:(\d+)(?::(\d+))?$/.exec(p.place || '');
    const place = !at ? '' : at[2] ? t('document place', { line: at[1], column: at[2] }) : t('document line', { line: at[1] });
    return [place, p.key, [said(p.what), said(p.how)].filter(Boolean).join('. ')].filter(Boolean).join(': ');
  }).join('\n');
}
