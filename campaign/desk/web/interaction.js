/** The interaction: the view in which a call is handled. */
import { h } from './dom.js';
import { t, span, phone, dayTime } from './i18n.js';
import { icon } from './icons.js';
import { state, now, previews } from './state.js';
import { ui, button, region, fieldList, select, act, on, draft, setDraft, redraw, resultName, why, ticking, focusIn } from './ui.js';
import { prose, fillIn, popLink } from './text.js';
import { keysOf } from './keymap.js';
import { party, callWords } from './party.js';
import { dispositions } from './dispositions.js';
import { note } from './note.js';
import { textsOf } from './data.js';
import { sound, qualityWord } from './sound.js';
import { recording } from './recording.js';
import { consultActions, consultPanel, speaking } from './consult.js';

/** @typedef {import('./types.js').Interaction} Interaction */

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
      greeting ? h('span', { class: 'greeting' }, t('quoted', { text: greeting })) : null),
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
    button({ name: t('Transfer'), icon: 'transfer', class: 'stack', disabled: !talking, expanded: talking && ui.transfer, run: () => { ui.transfer = !ui.transfer; ui.consult = false; focusIn('transfer-to'); } }),
    consultActions(i),
    h('span', { class: 'gap', 'aria-hidden': 'true' }),
    button({ name: t('Hang up'), icon: 'hangup', kind: 'danger', key: keys.hangup, disabled: !mayHangUp(i), busy: on(i.id, 'hangup'), run: () => hangUp(i) }));
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
        h('input', { id: 'transfer-to', type: 'tel', inputmode: 'tel', value: draft(i.id, 'transfer') || '', oninput: (/** @type {any} */ e) => { setDraft(i.id, 'transfer', e.target.value); } })),
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
