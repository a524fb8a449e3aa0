/** Correct result: what was entered about one of her last calls, all of it, once more. */
import { h } from './dom.js';
import { t, span, phone } from './i18n.js';
import { icon } from './icons.js';
import { state, offered } from './state.js';
import { button, select, checkbox, act, on, draft, setDraft, dropDraft, redraw, toast, resultName } from './ui.js';
import { party } from './party.js';
import { codes } from './dispositions.js';
import { callbackFields, callbackOf, callbackTyped, callbackWords, dropCallback } from './callback.js';
import { dialog, closeDialog } from './dialog.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** No callback after all. */
const none = { at: '0001-01-01T00:00:00Z' };

/** @param {string} id @param {string} key */
function entryOf(id, key) {
  /** @type {{[name: string]: any}} */
  const entry = {};
  for (const f of ['result', 'disposition']) if (draft(key, f) !== undefined) entry[f] = draft(key, f);
  const note = draft(key, 'note') ?? unsentNote(id);
  if (note !== undefined) entry.note = note;
  if (draft(key, 'no_call') !== undefined) entry.no_call = draft(key, 'no_call') === 'yes';
  const i = state.recent.find(r => r.id === id);
  if (draft(key, 'back') === 'none') entry.callback = none;
  else if (callbackTyped(key)) entry.callback = callbackOf(key, i?.callback);
  return entry;
}

/** Typed in the call, and the server was away. @param {string} id */
const unsentNote = id => (draft(id, 'note') === draft(id, 'sent') ? undefined : draft(id, 'note'));

/** @param {string} id @param {string} key @param {Interaction} i */
async function save(id, key, i) {
  if (!await act(on(id, 'correct'), entryOf(id, key))) return;
  for (const f of ['result', 'disposition', 'note', 'no_call', 'back']) setDraft(key, f, undefined);
  dropCallback(key);
  dropDraft(id);
  toast('good', t('corrected', { name: party(i) }));
  closeDialog();
}

/** @param {string} id */
export function correct(id) {
  const i = state.recent.find(r => r.id === id);
  if (!i) return null;
  const key = `correct ${id}`;
  const value = (/** @type {string} */ f, /** @type {string} */ was) => draft(key, f) ?? was;
  const c = i.campaign ? state.campaigns.get(i.campaign) : null;
  const { single, groups } = codes(c?.dispositions);
  const was = i.result || i.dialer_result || '';
  /** @type {[string, string][]} */
  const options = offered(i).map(r => /** @type {[string, string]} */ ([r.result, resultName(r.result)]));
  if (was && !options.some(o => o[0] === was)) options.unshift([was, resultName(was)]);
  const put = (/** @type {string} */ f) => (/** @type {string} */ v) => {
    setDraft(key, f, v);
    redraw();
  };
  const waits = draft(key, 'back') !== 'none' && callbackTyped(key) && !callbackOf(key, i.callback);
  return dialog(t('Correct result'), key,
    h('p', null, h('strong', null, party(i)), ' ', h('span', { class: 'figures quiet-text' }, phone(i.content?.number)), i.answered_at && i.ended_at ? ` · ${span(new Date(i.ended_at).getTime() - new Date(i.answered_at).getTime())}` : ''),
    h('form', { class: 'stack', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); if (!waits) save(id, key, i); } },
      select({ name: t('Call result'), value: value('result', was), options, change: put('result') }),
      h('p', { class: 'quiet-text' }, t('old value', { value: resultName(was) })),
      c?.dispositions?.length ? select({ name: t('Disposition code'), value: value('disposition', i.disposition || ''), options: [['', '–'], ...single], groups, change: put('disposition') }) : null,
      c?.dispositions?.length ? h('p', { class: 'quiet-text' }, t('old value', { value: i.disposition?.replaceAll('/', ' / ') || '–' })) : null,
      checkbox({ name: t('Do not call'), checked: value('no_call', i.no_call ? 'yes' : 'no') === 'yes', disabled: Boolean(i.no_call), change: v => put('no_call')(v ? 'yes' : 'no') }),
      i.kind === 'campaign' ? callback(i, key) : null,
      h('label', { class: 'field', key: 'note' }, h('span', { class: 'field-name' }, t('Note')), h('textarea', { rows: 3, maxlength: 10000, value: value('note', unsentNote(id) ?? i.note ?? ''), oninput: (/** @type {any} */ e) => put('note')(e.target.value) })),
      h('div', { class: 'row end' }, button({ name: t('Cancel'), run: closeDialog }), h('button', { type: 'submit', class: 'button primary', disabled: state.viewer || waits }, t('Save')))));
}

/** When to call again: set, moved or taken back. @param {Interaction} i @param {string} key */
function callback(i, key) {
  const was = i.callback;
  const back = draft(key, 'back') || (was || callbackTyped(key) ? 'open' : '');
  const to = (/** @type {string|undefined} */ v) => () => {
    dropCallback(key);
    setDraft(key, 'back', v);
    redraw();
  };
  return h('div', { class: 'stack', key: 'callback' },
    back === 'open'
      ? h('div', { class: 'callback', role: 'group', 'aria-label': t('Schedule callback') }, callbackFields(key, was, 'corrected-time'), button({ name: t('callback none'), kind: 'quiet', run: to(was ? 'none' : undefined) }))
      : h('div', { class: 'row' }, button({ name: t('Schedule callback'), icon: 'clock', run: to('open') }), back === 'none' ? h('span', { class: 'quiet-text', role: 'status' }, t('callback none')) : null),
    was ? h('p', { class: 'quiet-text' }, icon('clock'), ' ', t('old value', { value: callbackWords(was) })) : null);
}
