/** The interaction: the view in which a call is handled. */
import { h } from './dom.js';
import { t, span, phone, dayTime } from './i18n.js';
import { icon } from './icons.js';
import { state, now, mayEnter, previews, offered } from './state.js';
import { ui, button, region, fieldList, select, checkbox, act, on, draft, setDraft, redraw, resultName, why, ticking, setPending, clearPending, prefs, toast } from './ui.js';
import { prose, fillIn, popLink, isolated } from './text.js';
import { callbackFields, callbackOf, callbackWords, dropCallback } from './callback.js';
import { textsOf } from './data.js';
import { sound, qualityWord } from './sound.js';
import { recording } from './recording.js';
import { consultActions, consultPanel, speaking } from './consult.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/** Name or number of the party. @param {Interaction} i */
export function party(i) {
  return isolated(i.content?.name) || phone(i.content?.number) || (i.blank ? t('blank contact') : '–');
}

/** The words of the call status; they begin with one of product.md §2. @param {Interaction} i */
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

/** Since when the clock in the header runs. @param {Interaction} i */
function clockSince(i) {
  if (i.ended_at) return '';
  return i.answered_at || i.dialed_at || '';
}

/** @param {Interaction} i */
function header(i) {
  const c = i.campaign ? state.campaigns.get(i.campaign) : null;
  const texts = textsOf(i.campaign);
  const greeting = i.campaign ? fillIn(texts.greeting || c?.greeting || '', i) : '';
  const lasted = i.answered_at && i.ended_at ? span(new Date(i.ended_at).getTime() - new Date(i.answered_at).getTime()) : '';
  const look = i.state === 'talking' ? (i.held || i.remote_held ? 'held' : 'talking') : { parked: 'held', announcing: 'held', dialing: 'ringing', ringing: 'ringing', incoming: 'ringing', 'wrap-up': 'wrap' }[i.state] || 'pause';
  const link = popLink(texts.link, i);
  return h('header', { class: 'call-head' },
    h('div', { class: 'call-campaign' },
      h('strong', null, i.campaign || (i.kind === 'inbound' ? t('Inbound interaction') : t('Manual call'))),
      i.mode ? h('span', { class: 'tag' }, t(`mode ${i.mode}`)) : null,
      greeting ? h('span', { class: 'greeting' }, `„${greeting}“`) : null),
    h('div', { class: 'call-party' },
      h('h2', null, party(i)),
      i.content?.name && i.content?.number ? h('span', { class: 'figures call-number' }, phone(i.content.number)) : null,
      link ? h('a', { class: 'pop', href: link, target: 'freiton-customer', rel: 'noopener noreferrer' }, icon('link'), t('Open customer page')) : null),
    h('div', { class: `call-now ${look}` },
      h('span', { class: 'call-status', role: 'status', 'aria-label': t('Call status') }, callWords(i)),
      h('span', { class: 'call-time' },
        clockSince(i)
          ? ticking('span', { key: 'runs', class: 'figures', role: 'timer', 'aria-live': 'off' }, () => span(now() - new Date(clockSince(i)).getTime()))
          : h('span', { key: 'was', class: 'figures' }, lasted)),
      i.muted && i.state === 'talking' ? h('span', { class: 'muted-sign' }, icon('muted'), t('Muted')) : null,
      quality(i)),
    i.reason && ['waiting', 'refused', 'open'].includes(i.state)
      ? h('p', { class: 'call-reason' }, why(i.reason), i.state === 'waiting' && i.until ? ` · ${t('waiting until', { time: dayTime(i.until) })}` : '') : null,
    i.state === 'wrap-up' && i.reason?.code === 'restarted' ? h('p', { class: 'call-reason', role: 'status', key: 'restarted' }, icon('warn'), `${why(i.reason)}.`) : null,
    soundReason(i),
    i.heard && i.state === 'talking' ? h('p', { class: 'call-reason', role: 'status', key: 'heard' }, icon('warn'), t(`heard ${i.heard}`)) : null,
    i.state === 'result' ? h('p', { class: 'call-reason' }, resultName(i.result || i.dialer_result)) : null);
}

/**
 * What the loss of the headset has done to this call, and what comes next.
 * @param {Interaction} i
 */
function soundReason(i) {
  const lost = i.state === 'parked' || i.state === 'announcing';
  if (!i.reason || !(lost || (i.state === 'talking' && i.reason.code.startsWith('headset-back')))) return null;
  const until = i.state === 'parked' && i.until ? new Date(i.until).getTime() : 0;
  return h('p', { class: 'call-reason', role: 'alert', key: 'sound' }, icon(lost ? 'warn' : 'check'), `${why(i.reason)}.`,
    until > now() ? ticking('span', { class: 'figures', role: 'timer', 'aria-live': 'off', key: 'until' },
      () => ` ${t('passed on in', { n: Math.max(0, Math.ceil((until - now()) / 1000)) })}.`) : null);
}

/** @param {Interaction} i */
function quality(i) {
  const word = i.state === 'talking' ? qualityWord() : 'none';
  const q = sound.quality();
  if (word === 'none') ui.quality = false;
  const leg = (/** @type {'contact'|'headset'} */ name) => {
    const l = q[name];
    return l?.mos ? `${t(`quality leg ${name}`)}: ${t('quality title', { mos: l.mos.toFixed(1), loss: (l.loss ?? 0).toFixed(1), jitter: Math.round(l.jitter_ms || 0), rtt: Math.round(l.rtt_ms || 0) })}` : '';
  };
  const legs = [leg('contact'), leg('headset')].filter(Boolean);
  return [
    h('button', { type: 'button', key: 'quality', class: `chip quality ${word}`, title: legs.join('\n') || t('quality none'), hidden: word === 'none', 'aria-expanded': String(ui.quality), onclick: () => { ui.quality = !ui.quality; redraw(); } },
      h('span', { class: 'bars', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), `${t('quality')}: ${t(`quality ${word}`)}`),
    ui.quality ? h('p', { key: 'figures', class: 'quality-more figures' }, legs.map(l => h('span', { key: l }, l))) : null,
  ];
}

// ---- call actions ---------------------------------------------------------

/** One second between two presses of what cannot be taken back (WCAG 2.1.4). */
let lastHangup = 0;

/** @param {Interaction} i */
export function hangUp(i) {
  if (Date.now() - lastHangup < 1000) return;
  lastHangup = Date.now();
  act(on(i.id, 'hangup'));
}

/** @param {Interaction} i */
export function mayHangUp(i) {
  return ['asking', 'waiting', 'dialing', 'ringing', 'talking', 'parked', 'answering'].includes(i.state);
}

// Each way is busy by itself: the event may come before the answer to the click
// that caused it, and the click back must not be lost meanwhile.

/** @param {Interaction} i */
export function toggleHold(i) {
  act(on(i.id, i.held ? 'resume' : 'hold'));
}

/** @param {Interaction} to */
const muting = to => `${on(to.id, 'mute')} ${to.muted ? 'off' : 'on'}`;

/** @param {Interaction} i */
export function toggleMute(i) {
  const to = speaking(i);
  act(on(to.id, 'mute'), { on: !to.muted }, muting(to));
}

/** @param {Interaction} i */
function actions(i) {
  const talking = i.state === 'talking';
  const keys = keysOf();
  return h('div', { class: 'actions', role: 'group', 'aria-label': t('Call') + ' …' },
    previews(i) ? button({
      name: t('Call'), icon: 'call', kind: 'good', disabled: i.state !== 'open', busy: on(i.id, 'call'),
      run: () => sound.wake().then(() => act(on(i.id, 'call'), { number: draft(i.id, 'number')?.trim() || undefined })),
    }) : null,
    button({
      name: i.held ? t('Resume') : t('Hold'), icon: i.held ? 'resume' : 'hold', key: keys.hold, class: `slot-hold ${i.held ? 'is-held' : ''}`,
      disabled: !talking, busy: on(i.id, i.held ? 'resume' : 'hold'), run: () => toggleHold(i),
    }),
    button({
      name: i.muted ? t('Unmute') : t('Mute'), icon: i.muted ? 'muted' : 'mic', key: keys.mute, class: `slot-mute ${i.muted ? 'is-muted' : ''}`,
      disabled: !(talking || i.state === 'dialing' || i.state === 'ringing'), busy: muting(speaking(i)), run: () => toggleMute(i),
    }),
    button({ name: t('Keypad'), icon: 'keypad', class: 'stack', disabled: !talking, expanded: talking && ui.keypad, run: () => { ui.keypad = !ui.keypad; ui.sent = ''; redraw(); } }),
    button({ name: t('Transfer'), icon: 'transfer', class: 'stack', disabled: !talking, expanded: talking && ui.transfer, run: () => { ui.transfer = !ui.transfer; ui.consult = false; redraw(); } }),
    consultActions(i),
    h('span', { class: 'gap', 'aria-hidden': 'true' }),
    button({ name: t('Hang up'), icon: 'hangup', kind: 'danger', key: keys.hangup, disabled: !mayHangUp(i), busy: on(i.id, 'hangup'), run: () => hangUp(i) }));
}

export function keysOf() {
  /** @type {{[name: string]: string}} */
  const keys = { accept: 'F2', decline: 'F4', hold: 'F8', hangup: 'F9', mute: 'M', done: 'Ctrl+Enter', extend: 'E', dnc: 'D', note: 'N', help: '?', ...prefs.keys };
  return prefs.keysOn ? keys : { accept: '', decline: '', hold: '', hangup: '', mute: '', done: '', extend: '', dnc: '', note: '', help: '' };
}

/** @param {Interaction} i @param {string} digit */
export function sendDigit(i, digit) {
  ui.sent = (ui.sent + digit).slice(-16);
  act(on(speaking(i).id, 'digits'), { digits: digit }, `digit ${digit} ${Date.now()}`);
}

/** @param {Interaction} i */
function panels(i) {
  if (i.state !== 'talking') return null;
  return h('div', { class: 'call-panels' },
    ui.keypad ? h('div', { class: 'keypad', role: 'group', 'aria-label': t('Keypad'), key: 'keypad' },
      '123456789*0#'.split('').map(d => h('button', { type: 'button', class: 'button', key: d, disabled: state.viewer, onclick: () => sendDigit(i, d) }, d)),
      h('span', { class: 'figures sent' }, ui.sent ? t('digits sent', { digits: ui.sent }) : '')) : null,
    ui.transfer ? h('form', { class: 'row', key: 'transfer', 'aria-label': t('Transfer'), onsubmit: (/** @type {Event} */ e) => {
      e.preventDefault();
      const to = draft(i.id, 'transfer')?.trim();
      if (to) act(on(i.id, 'transfer'), { number: to }).then(ok => { if (ok) { ui.transfer = false; redraw(); } });
    } },
      h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('transfer to')),
        h('input', { type: 'tel', inputmode: 'tel', value: draft(i.id, 'transfer') || '', oninput: (/** @type {any} */ e) => { setDraft(i.id, 'transfer', e.target.value); } })),
      h('button', { class: 'button primary', type: 'submit', disabled: state.viewer }, t('Transfer'))) : null);
}

/** What may be done with a record that is not dialled yet. @param {Interaction} i */
function undialled(i) {
  if (!previews(i) || !['open', 'waiting'].includes(i.state)) return null;
  const own = i.content?.number || '';
  const others = (i.content?.others || []).filter(o => o.number !== own);
  /** @type {[string, string][]} */
  const numbers = [['', phone(own)], ...others.map(o => /** @type {[string, string]} */ ([o.number, [phone(o.number), o.type].filter(Boolean).join(' · ')]))];
  const typed = draft(i.id, 'number') || '';
  const choose = (/** @type {string} */ v) => { setDraft(i.id, 'number', v || undefined); redraw(); };
  return h('div', { class: 'row undialled' },
    others.length ? select({ name: t('Other numbers'), value: numbers.some(n => n[0] === typed) ? typed : '', options: numbers, change: choose }) : null,
    h('label', { class: 'field inline' }, h('span', { class: 'field-name' }, t('Number')),
      h('input', { type: 'tel', inputmode: 'tel', placeholder: phone(own), value: typed, oninput: (/** @type {any} */ e) => setDraft(i.id, 'number', e.target.value) })),
    button({ name: t('Return to list'), icon: 'back', busy: on(i.id, 'return'), run: () => act(on(i.id, 'return')) }),
    button({ name: t('Remove from campaign'), icon: 'remove', busy: on(i.id, 'remove'), run: () => act(on(i.id, 'remove')) }),
    i.until && i.mode === 'push-preview' && i.state === 'open'
      ? ticking('span', { class: 'quiet-text', key: 'auto' }, () => t('auto dial', { n: Math.max(0, Math.ceil((new Date(/** @type {string} */ (i.until)).getTime() - now()) / 1000)) })) : null);
}

// ---- dispositions -----------------------------------------------------------

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
function dispositions(i) {
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
      i.kind === 'campaign' ? button({ name: t('Schedule callback'), icon: 'clock', expanded: ui.callback, disabled: !may, run: () => { ui.callback = !ui.callback; redraw(); } }) : null),
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

// ---- note ---------------------------------------------------------------

/** @param {Interaction} i */
function note(i) {
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

// ---- the whole ------------------------------------------------------------

/** @param {Interaction} i */
export function interaction(i) {
  const texts = textsOf(i.campaign);
  const blank = i.blank || (!i.content && i.kind === 'campaign');
  const caseFields = blank ? i.case : i.content?.case?.length ? i.content.case : i.case;
  return h('section', { class: 'interaction', key: i.id, 'aria-label': i.kind === 'inbound' ? t('Inbound interaction') : t('Outbound interaction') },
    h('div', { class: 'call' }, header(i), actions(i), recording(i), panels(i), consultPanel(i), undialled(i)),
    h('div', { class: 'infos' },
      i.kind === 'campaign' ? region(t('Case information'), { key: 'case' }, fieldList(caseFields)) : null,
      i.kind === 'campaign' || i.content?.record?.length ? region(t('Record information'), { key: 'record' }, blank ? blankFields() : fieldList(i.content?.record)) : null),
    h('div', { class: 'talk' },
      i.kind === 'campaign' ? region(t('Script'), { class: 'script', key: 'script' },
        h('div', { class: 'prose', tabindex: '0', role: 'group', 'aria-label': t('Script') }, texts.script ? prose(texts.script, i, 'script-first') : h('p', { class: 'quiet-text' }, t('no script')))) : null,
      note(i)),
    dispositions(i));
}

function blankFields() {
  return h('div', { class: 'blank' }, h('p', null, t('blank record')), h('i', { 'aria-hidden': 'true' }), h('i', { 'aria-hidden': 'true' }), h('i', { 'aria-hidden': 'true' }));
}
