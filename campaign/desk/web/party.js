/** Whom an interaction is with, and how its call stands, in words. */
import { t, phone } from './i18n.js';
import { isolated } from './text.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** Name or number of the party. @param {Interaction} i */
export function party(i) {
  return isolated(i.content?.name) || phone(i.content?.number) || (i.blank ? t('blank contact') : '–');
}

/** The words of the call status. @param {Interaction} i */
export function callWords(i) {
  let word = i.call_status ? t(`call ${i.call_status}`) : '';
  if (i.call_status === 'ended') {
    const by = !i.answered_at && i.ended_by !== 'agent' ? 'not-connected' : i.ended_by || '';
    if (by) word += ` (${t(`ended ${by}`)})`;
  }
  if (!word) word = t({ asking: 'call asking', waiting: 'call waiting', refused: 'call refused', opening: 'call opening', offered: 'call none' }[i.state] || 'call none');
  const who = [isolated(i.content?.name), phone(i.content?.number)].filter(Boolean).join(' · ');
  return who ? `${word} · ${who}` : word;
}
