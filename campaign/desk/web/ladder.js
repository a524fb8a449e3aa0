/** The SIP ladder of a call: who sent what to whom, and when. For those who look for the reason of a failed call. */
import { h } from './dom.js';
import { t, count, moment } from './i18n.js';
import { get } from './api.js';
import { ui, region, button, redraw, draft, setDraft, explain } from './ui.js';
import { look } from './data.js';
import { grid, fileLink } from './reports.js';

/** @typedef {{call_id: string, begun: string, method: string, from: string, to: string, answer?: string, messages: number}} Call */
/** @typedef {{at: string, out: boolean, via: string, local: string, remote: string, line: string, text: string}} Message */

const form = 'ladder';
/** @type {Call[]|null} */
let found = null;
/** @type {{call: Call, messages: Message[]}|null} */
let shown = null;
let failed = '';

/** @param {() => Promise<void>} what */
async function ask(what) {
  failed = '';
  try {
    await what();
  } catch (e) {
    failed = explain(e);
  }
  redraw();
}

const search = () => ask(async () => { found = await get(`/sip?q=${encodeURIComponent(draft(form, 'q')?.trim() || '')}`); });

/** @param {Call} call */
const open = call => ask(async () => { shown = { call, messages: await get(`/sip/messages?call_id=${encodeURIComponent(call.call_id)}`) }; });

/** Opens the page with the calls of a number. @param {string} number */
export function showLadder(number) {
  setDraft(form, 'q', number.replace(/^\+/, ''));
  shown = null;
  ui.view = 'ladder';
  search();
}

/** @param {Call} c */
const name = c => ({ to: user(c.to), time: moment(c.begun) });

/** @param {string} uri */
const user = uri => uri.replace(/^sips?:/, '').replace(/[;?].*$/, '');

export function ladder() {
  const kept = /** @type {{calls: number, since: string}|null} */ (look('/sip/kept', 10_000).data);
  return h('div', { key: 'ladder', class: 'page office' },
    region(t('SIP ladder'), { key: 'all' },
      h('form', { class: 'row', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); search(); } },
        h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('ladder find')),
          h('input', { type: 'search', autocomplete: 'off', maxlength: 100, value: draft(form, 'q') || '', oninput: (/** @type {any} */ e) => setDraft(form, 'q', e.target.value) })),
        h('button', { type: 'submit', class: 'button' }, t('Search'))),
      h('p', { class: 'quiet-text', key: 'hint' }, t('ladder hint')),
      h('p', { class: 'quiet-text', key: 'kept', role: 'status' }, kept ? t('ladder kept', { n: kept.calls, since: moment(kept.since) }) : '\u00a0'),
      failed ? h('p', { class: 'error-text', role: 'alert', key: 'failed' }, failed) : null,
      found?.length === 0 ? h('p', { role: 'status', key: 'none' }, t('nothing there')) : null,
      found?.length ? h('div', { key: 'found' }, grid(t('SIP ladder'), [t('when'), t('ladder what'), t('from'), t('ladder to'), t('ladder answer'), `#${t('ladder messages')}`, ''], found.map(c => ({ key: c.call_id, cells: [
        moment(c.begun), c.method, user(c.from), user(c.to), c.answer || '–', count(c.messages),
        button({ name: t('ladder show', name(c)), label: t('Show'), kind: 'quiet', anyTab: true, run: () => open(c) })] })))) : null),
    shown ? one(shown.call, shown.messages) : null);
}

/** @param {Call} c @param {Message[]} messages */
function one(c, messages) {
  const began = messages.length ? new Date(messages[0].at).getTime() : 0;
  const file = (/** @type {string} */ format) => `/sip/export?format=${format}&call_id=${encodeURIComponent(c.call_id)}`;
  return region(t('ladder of', name(c)), { key: c.call_id, aside: h('div', { class: 'row' }, fileLink(t('ladder text'), file('text'), 'call.txt'), fileLink(t('ladder pcap'), file('pcap'), 'call.pcap')) },
    h('p', { class: 'quiet-text' }, `${messages[0]?.local || ''} ↔ ${messages[0]?.remote || ''} · ${messages[0]?.via || ''} · Call-ID ${c.call_id} · ${t('ladder export')}`),
    h('ol', { class: 'plain ladder' }, messages.map((m, n) => h('li', { key: String(n), class: m.out ? 'out' : 'in' }, h('details', null,
      h('summary', null,
        h('span', { class: 'figures ladder-time' }, `+${((new Date(m.at).getTime() - began) / 1000).toFixed(3)} s`),
        h('span', { class: 'unseen' }, t(m.out ? 'ladder sent' : 'ladder received')),
        h('span', { class: 'ladder-arrow', 'aria-hidden': 'true' }, m.out ? '→' : '←'),
        h('span', { class: 'line-main' }, m.line)),
      h('pre', { tabindex: '0' }, m.text))))));
}
