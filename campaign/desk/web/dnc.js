/** The do-not-call list: looked up, entered, taken off. Each look is in the audit log, so nothing here asks by itself. */
import { h } from './dom.js';
import { t, count, moment, phone } from './i18n.js';
import { call, get } from './api.js';
import { state, mayImport } from './state.js';
import { region, button, select, redraw, draft, setDraft, toast, explain } from './ui.js';
import { grid } from './reports.js';

/** @typedef {{number?: string, person?: string, campaign?: string, client?: string, at?: string, by?: string, wording?: string}} Blocked */

const form = 'dnc';
/** @type {{entries: Blocked[], all: number}|null} */
let found = null;
let failed = '';

/** Looks again. */
async function search() {
  failed = '';
  try {
    found = await get(`/dnc/search?q=${encodeURIComponent(draft(form, 'q')?.trim() || '')}`);
  } catch (e) {
    failed = explain(e);
  }
  redraw();
}

/** @param {Promise<any>} doing @param {string} said */
async function change(doing, said) {
  try {
    await doing;
    toast('good', said);
    if (found) await search();
    return true;
  } catch (e) {
    toast('bad', explain(e));
    return false;
  }
}

export function doNotCallList() {
  return h('div', { key: 'dnc', class: 'page office' }, enter(), region(t('Do-not-call list'), { key: 'all' },
    h('form', { class: 'row', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); search(); } },
      h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('dnc find')),
        h('input', { type: 'search', autocomplete: 'off', maxlength: 100, value: draft(form, 'q') || '', oninput: (/** @type {any} */ e) => setDraft(form, 'q', e.target.value) })),
      h('button', { type: 'submit', class: 'button' }, t('Search'))),
    failed ? h('p', { class: 'error-text', role: 'alert', key: 'failed' }, failed) : null,
    found ? [h('p', { class: 'quiet-text', role: 'status', key: 'n' }, found.entries.length ? t('entries shown', { n: count(found.entries.length), all: count(found.all) }) : t('nothing there')),
      found.entries.length ? grid(t('Do-not-call list'), [t('number or person'), t('scope'), t('since'), t('by'), t('wording'), ''], found.entries.map((b, n) => ({ key: `${b.number}${b.person}${b.campaign}${b.client}${n}`, cells: [
        b.number ? phone(b.number) : b.person || t('hashed'), b.campaign || b.client || t('everything'), b.at ? moment(b.at) : '–', b.by || '–', b.wording || '–',
        b.number && state.session?.role !== 'auditor' ? button({ name: t('dnc take off', { number: phone(b.number) }), label: t('dnc off'), kind: 'quiet', run: () => {
          change(call('DELETE', `/dnc/${encodeURIComponent(b.number || '')}?${new URLSearchParams(b.campaign ? { campaign: b.campaign } : b.client ? { client: b.client } : {})}`), t('dnc is off', { number: phone(b.number) }));
        } }) : ''] }))) : null] : h('p', { class: 'quiet-text', key: 'hint' }, t('dnc hint'))));
}

function enter() {
  if (state.session?.role === 'auditor') return null;
  const number = draft(form, 'number') || '';
  const input = (/** @type {string} */ f, /** @type {string} */ name, more = {}) => h('label', { class: 'field', key: f }, h('span', { class: 'field-name' }, name),
    h('input', { type: 'text', autocomplete: 'off', maxlength: 400, ...more, value: draft(form, f) || '', oninput: (/** @type {any} */ e) => { setDraft(form, f, e.target.value); redraw(); } }));
  return region(t('dnc enter'), { key: 'enter' }, h('form', { class: 'stack new-contact', onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    const ok = await change(call('POST', '/dnc', { number: number.trim(), campaign: draft(form, 'campaign') || undefined, wording: draft(form, 'wording')?.trim() || undefined }), t('dnc is on', { number: phone(number.trim()) }));
    if (ok) for (const f of ['number', 'wording', 'campaign']) setDraft(form, f, undefined);
    redraw();
  } },
    input('number', t('Telephone number'), { type: 'tel', inputmode: 'tel', required: true }),
    select({ name: t('scope'), value: draft(form, 'campaign') || '', options: [['', t('everything')], ...[...state.campaigns.keys()].sort().map(c => /** @type {[string, string]} */ ([c, c]))], change: v => { setDraft(form, 'campaign', v || undefined); redraw(); } }),
    input('wording', t('wording')),
    h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button primary', disabled: state.viewer || !number.trim() }, t('Save')), mayImport() ? h('span', { class: 'quiet-text' }, t('dnc import hint')) : null)));
}
