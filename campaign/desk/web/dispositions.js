/** What came of a call: result, code, callback, and Done with the timer of after-call work. */
import { h } from './dom.js';
import { t, span } from './i18n.js';
import { icon } from './icons.js';
import { state, now, mayEnter, previews, offered } from './state.js';
import { ui, button, region, select, checkbox, act, on, redraw, resultName, ticking, setPending, clearPending, prefs, toast, focusIn } from './ui.js';
import { keysOf } from './keymap.js';
import { party } from './party.js';
import { flushNote } from './note.js';
import { callbackFields, callbackOf, callbackWords, dropCallback } from './callback.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** What was chosen last, sent or not. @param {Interaction} i @param {string} name */
function chosen(i, name) {
  const p = ui.pending.get(i.id);
  return p && name in p ? p[name] : /** @type {any} */ (i)[name];
}

/** @param {Interaction} i @param {{[name: string]: any}} entry */
async function enter(i, entry) {
  setPending(i.id, entry);
  await act(on(i.id, 'result'), entry, `enter ${i.id} ${Object.keys(entry)} ${Date.now()}`);
  setTimeout(() => {
    clearPending(i.id, Object.keys(entry));
    redraw();
  }, 400);
}

/** A result by its digit or its button. @param {Interaction} i @param {import('./types.js').OfferedResult} r */
export async function chooseResult(i, r) {
  if (!mayEnter(i)) return;
  if (r.quick && ['talking', 'closing', 'wrap-up'].includes(i.state)) {
    await flushNote(i);
    act(on(i.id, 'quick'), { result: r.result });
    return;
  }
  enter(i, { result: r.result });
}

/** Ticks Do not call, by its key; it never takes the tick away. @param {Interaction} i */
export function doNotCall(i) {
  if (mayEnter(i) && !state.viewer && !chosen(i, 'no_call')) enter(i, { no_call: true });
}

/** The leaves of the tree of codes, by their first branch. @param {import('./types.js').Disposition[]|undefined} tree */
export function codes(tree) {
  /** @type {[string, string][]} */
  const single = [];
  /** @type {{name: string, options: [string, string][]}[]} */
  const groups = [];
  /** @param {import('./types.js').Disposition} d @param {string} code @param {string} text @param {[string, string][]} into */
  const leaves = (d, code, text, into) => {
    if (!d.children?.length) into.push([code, text]);
    for (const c of d.children || []) leaves(c, `${code}/${c.name}`, text ? `${text} / ${c.name}` : c.name, into);
  };
  for (const d of tree || []) {
    if (!d.children?.length) single.push([d.name, d.name]);
    else {
      const g = { name: d.name, options: /** @type {[string, string][]} */ ([]) };
      leaves(d, d.name, '', g.options);
      groups.push(g);
    }
  }
  return { single, groups };
}

/** @param {Interaction} i */
export function dispositions(i) {
  const may = mayEnter(i);
  const list = offered(i);
  const c = i.campaign ? state.campaigns.get(i.campaign) : null;
  const { single, groups } = codes(c?.dispositions);
  const result = chosen(i, 'result') || '';
  const dialer = i.dialer_result && i.dialer_result !== 'unknown' && i.ended_at ? t('result dialer', { result: resultName(i.dialer_result) }) : t('result choose');
  /** @type {[string, string][]} */
  const options = [['', dialer], ...list.map(r => /** @type {[string, string]} */ ([r.result, resultName(r.result)]))];
  if (result && !options.some(o => o[0] === result)) options.push([result, resultName(result)]);
  return region(t('Dispositions'), { class: 'dispositions', key: 'dispositions' },
    h('div', { class: 'quick' }, list.slice(0, 9).map((r, n) => h('button', {
      key: r.result, type: 'button', class: `button result ${r.quick ? 'is-quick' : ''}`, 'aria-pressed': String(result === r.result),
      disabled: !may || state.viewer, title: r.quick ? `${resultName(r.result)}: ${t('quick hint')}` : undefined,
      'aria-label': r.quick ? `${resultName(r.result)} – ${t('quick')}` : undefined, 'aria-keyshortcuts': prefs.keysOn ? String(n + 1) : undefined, onclick: () => chooseResult(i, r),
    }, prefs.keysOn ? h('kbd', { 'aria-hidden': 'true', 'data-key': String(n + 1) }) : null, h('span', { class: 'label' }, resultName(r.result)), r.quick ? icon('bolt') : null))),
    h('div', { class: 'row wide' },
      select({ name: t('Call result'), value: result, options, disabled: !may, class: 'grow', change: v => enter(i, { result: v }) }),
      c?.dispositions?.length ? select({ name: t('Disposition code'), value: chosen(i, 'disposition') || '', disabled: !may, class: 'grow', options: [['', t('result choose')], ...single], groups, change: v => enter(i, { disposition: v }) }) : null,
      checkbox({ name: t('Do not call'), key: keysOf().dnc, checked: Boolean(chosen(i, 'no_call')), disabled: !may, class: 'dnc', change: v => enter(i, { no_call: v }) }),
      i.kind === 'campaign' ? button({ name: t('Schedule callback'), icon: 'clock', expanded: ui.callback, disabled: !may, run: () => {
        ui.callback = !ui.callback;
        focusIn('understood-at');
      } }) : null),
    ui.callback && i.kind === 'campaign' ? callback(i) : null,
    i.callback ? h('p', { class: 'callback-set', key: 'set' }, icon('clock'), callbackWords(i.callback),
      button({ name: t('callback none'), kind: 'quiet', disabled: !may, run: () => enter(i, { callback: { at: '0001-01-01T00:00:00Z' } }) })) : null,
    done(i));
}

/** @param {Interaction} i */
function callback(i) {
  const wish = callbackOf(i.id, i.callback);
  return h('form', { class: 'callback', key: 'callback', 'aria-label': t('Schedule callback'), onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    if (!wish || !await act(on(i.id, 'result'), { callback: wish })) return;
    ui.callback = false;
    dropCallback(i.id);
    redraw();
  } },
    callbackFields(i.id, i.callback, 'understood'),
    h('button', { type: 'submit', class: 'button primary', disabled: !wish || state.viewer }, t('Save')));
}

/** @param {Interaction} i */
export function mayBeDone(i) {
  return i.state === 'wrap-up' || i.state === 'result' || i.state === 'refused' || (i.state === 'open' && Boolean(i.callback || i.no_call));
}

/** @param {Interaction} i @param {string} [then] */
export async function finish(i, then) {
  if (!mayBeDone(i)) return;
  await flushNote(i);
  if (await act(on(i.id, 'done'), then ? { then } : {}, on(i.id, 'done'))) announceDone(i);
}

/** @param {Interaction} i */
function announceDone(i) {
  ui.callback = false;
  if (!i.dialed_at) toast('good', t('done toast', { name: party(i) }));
}

/** @param {Interaction} i */
function done(i) {
  const may = mayBeDone(i);
  const need = i.state === 'wrap-up' && i.answered_at && !chosen(i, 'result') && !chosen(i, 'no_call') && !i.callback && i.kind === 'campaign' && offered(i).length > 0;
  return h('div', { class: 'done-row' },
    timer(i),
    need ? h('span', { class: 'need', key: 'need' }, t('why no-result')) : null,
    need ? null : h('span', { class: 'gap', 'aria-hidden': 'true' }),
    previews(i) ? button({ name: t('Done and stop'), disabled: !may, busy: on(i.id, 'done'), run: () => finish(i, 'stop') }) : null,
    i.mode === 'preview' ? button({ name: t('Done and next'), disabled: !may, busy: on(i.id, 'done'), run: () => finish(i, 'next') }) : null,
    button({ name: t('Done'), icon: 'check', kind: 'primary', key: keysOf().done, disabled: !may, busy: on(i.id, 'done'), run: () => finish(i) }));
}

/** Gives after-call work more time. @param {Interaction} i */
export function extend(i) {
  if (i.state === 'wrap-up' && i.may_extend) act(on(i.id, 'extend'));
}

/** The ring of after-call work. It warns and decides nothing. @param {Interaction} i */
function timer(i) {
  if (i.state !== 'wrap-up') return null;
  const from = i.ended_at ? new Date(i.ended_at).getTime() : now();
  const until = i.until ? new Date(i.until).getTime() : 0;
  const around = 2 * Math.PI * 15;
  return h('div', { class: `acw ${i.overtime ? 'over' : ''}`, key: 'acw' },
    until ? h('svg', { viewBox: '0 0 36 36', 'aria-hidden': 'true', class: 'ring' },
      h('circle', { cx: 18, cy: 18, r: 15, class: 'ring-back' }),
      h('circle', { cx: 18, cy: 18, r: 15, class: 'ring-front', 'stroke-dasharray': around.toFixed(2), tick: (/** @type {Element} */ el) => {
        const left = Math.max(0, Math.min(1, (until - now()) / Math.max(1, until - from)));
        el.setAttribute('stroke-dashoffset', (around * (1 - left)).toFixed(1));
      } })) : null,
    h('span', null, h('strong', null, t('After-call work')), h('br'),
      ticking('span', { class: 'figures', role: 'timer', 'aria-live': 'off' }, () => {
        const left = until ? until - now() : now() - from;
        return left < 0 ? `+${span(-left)} ${t('overtime short')}` : span(left);
      })),
    until && (i.may_extend || i.extended) ? button({ name: t('extend', { time: span(i.extend_ms || 0) }), label: i.may_extend ? `+${span(i.extend_ms || 0)}` : t('extended times', { n: i.extended || 0 }), title: t('extend left', { n: i.may_extend || 0 }), class: 'extend', key: keysOf().extend, disabled: !i.may_extend, busy: on(i.id, 'extend'), run: () => extend(i) }) : null);
}
