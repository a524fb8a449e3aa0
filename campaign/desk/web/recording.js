/**
 * The recording of a call: what may be done with it now, as buttons in one row
 * that keeps its place through the call.
 */
import { h } from './dom.js';
import { t, span } from './i18n.js';
import { now } from './state.js';
import { act, button, on, ticking, why } from './ui.js';
import { textsOf } from './data.js';
import { dialog, openDialog, closeDialog } from './dialog.js';

/** @param {import('./types.js').Interaction} i */
export function recording(i) {
  const mode = textsOf(i.campaign).recording;
  if (!mode || mode === 'off') return null;
  const talking = i.state === 'talking';
  const has = i.recording_state;
  if (!talking && !(i.state === 'wrap-up' && has && has !== 'deleted')) {
    return h('div', { class: 'recording', role: 'group', 'aria-label': t('Recording'), key: 'recording' }, h('span', { class: 'quiet-text' }, t(i.ended_at ? 'recording none' : `recording will ${mode}`)));
  }
  const run = (/** @type {string} */ action) => act(on(i.id, 'recording'), { action }, `recording ${i.id} ${action}`); // the next one need not wait for its answer
  const press = (/** @type {string} */ name, /** @type {string} */ action, kind = '') =>
    button({ name: t(name), kind, busy: `recording ${i.id} ${action}`, run: () => { run(action); } });
  const running = has === 'on' || has === 'paused';
  const free = talking && !has && !i.recording_bar;
  return h('div', { class: `recording ${has || ''}`, role: 'group', 'aria-label': t('Recording'), key: 'recording' },
    h('span', { class: 'recording-word', role: 'status' }, h('span', { class: 'recording-lamp', 'aria-hidden': 'true' }), words(i, mode)),
    has === 'paused' && i.recording_until ? ticking('span', { class: 'figures', key: 'until', role: 'timer', 'aria-live': 'off' }, () => t('recording goes on', { time: span(Math.max(0, new Date(/** @type {string} */ (i.recording_until)).getTime() - now())) })) : null,
    h('span', { class: 'gap', 'aria-hidden': 'true' }),
    free && i.recording_ask && i.consent !== 'given' ? press('Consent given – start recording', 'consent', 'good') : null,
    free && i.recording_ask && i.consent !== 'refused' || talking && !i.recording_ask && i.consent !== 'refused' && (running || has === 'announcing') ? press('Consent refused', 'refuse') : null,
    free && !i.recording_ask ? press('Start recording', 'start') : null,
    talking && has === 'on' ? press('Pause recording', 'pause') : null,
    talking && has === 'paused' ? press('Resume recording', 'resume') : null,
    talking && (running || has === 'announcing') ? press('Stop recording', 'stop') : null,
    has && has !== 'deleted' && has !== 'announcing' ? button({ name: t('Delete recording'), kind: 'quiet', busy: `recording ${i.id} delete`, run: () => openDialog(`delete:${i.id}`) }) : null);
}

/** Asks before a recording is gone for good. @param {string} id of the interaction */
export function deleteDialog(id) {
  const gone = () => { act(on(id, 'recording'), { action: 'delete' }, `recording ${id} delete`); closeDialog(); };
  return dialog(t('Delete recording'), `delete ${id}`,
    h('p', null, t('recording delete sure')),
    h('div', { class: 'row' },
      h('button', { type: 'button', class: 'button danger', onclick: gone }, t('Delete recording')),
      button({ name: t('Cancel'), kind: 'quiet', anyTab: true, run: closeDialog })));
}

/** How it is, in words. @param {import('./types.js').Interaction} i @param {string} mode */
function words(i, mode) {
  if (i.recording_state) return `${t(`recording ${i.recording_state}`)}${i.recording_state === 'on' && i.consent === 'given' ? ` ${t('recording repeat')}` : ''}`;
  if (i.recording_bar) return `${why(i.recording_bar)}.`;
  if (i.consent === 'refused') return t('recording refused');
  return t(i.recording_ask || mode === 'ask' ? 'recording ask' : 'recording none');
}
