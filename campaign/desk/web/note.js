/** The note of an interaction, and its way to the server. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { state, mayEnter } from './state.js';
import { ui, region, act, on, draft, setDraft, redraw } from './ui.js';
import { party } from './party.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** @param {Interaction} i */
export function note(i) {
  const typed = draft(i.id, 'note');
  const value = typed ?? i.note ?? '';
  return region(t('Note'), { class: 'note', key: 'note', heading: t('Note'), aside: h('span', { class: 'quiet-text', 'aria-live': 'off' }, typed !== undefined && typed !== (i.note || '') ? t('note saving') : value ? t('note saved') : t('note hint')) },
    h('textarea', { 'aria-label': t('Note'), id: 'note', maxlength: 10000, rows: 3, spellcheck: 'true', value, readonly: state.viewer,
      oninput: (/** @type {any} */ e) => { setDraft(i.id, 'note', e.target.value); setDraft(i.id, 'party', party(i)); redraw(); } }));
}

/** Sends a typed note to the server. @param {Interaction} i */
export async function flushNote(i) {
  const typed = draft(i.id, 'note');
  if (typed === undefined || state.viewer || !mayEnter(i)) return;
  if (typed === (i.note || '')) {
    setDraft(i.id, 'note', undefined);
    return;
  }
  while (ui.busy.has(`note ${i.id}`)) await new Promise(r => setTimeout(r, 20)); // an older one is on its way
  if (await act(on(i.id, 'result'), { note: typed }, `note ${i.id}`)) setDraft(i.id, 'sent', typed);
}
