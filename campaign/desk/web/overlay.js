/** What lies over the page: the preview, dialogs. notices.js has what comes and goes by itself. */
import { h } from './dom.js';
import { t, phone, moment } from './i18n.js';
import { icon } from './icons.js';
import { call, Problem } from './api.js';
import { state, now, mine, ownHeadset } from './state.js';
import { ui, button, fieldList, checkbox, act, on, redraw, prefs, setPref, toast, explain, ticking, why } from './ui.js';
import { keysOf } from './keymap.js';
import { party } from './party.js';
import { sound } from './sound.js';
import { dialog } from './dialog.js';
import { correct } from './correct.js';
import { checkDialog, openCheck } from './devicecheck.js';
import { eraseDialog } from './persons.js';
import { soundDialog } from './soundmenu.js';
import { deleteDialog } from './recording.js';

// ---- interaction preview ----------------------------------------------------

/** @param {import('./types.js').Interaction} i */
export function accept(i) {
  sound.wake();
  act(on(i.id, 'accept'));
}

/** @param {import('./types.js').Interaction} i */
export function decline(i) {
  act(on(i.id, 'decline'));
}

export function preview() {
  const i = mine();
  if (!i || !['offered', 'incoming', 'take-over'].includes(i.state)) return null;
  const over = i.state === 'take-over';
  const inbound = i.state === 'incoming' || over;
  const c = i.campaign ? state.campaigns.get(i.campaign) : null;
  const fields = i.blank || !i.content?.preview?.length ? i.case : i.content.preview;
  const until = i.until ? new Date(i.until).getTime() : 0;
  const left = () => Math.max(0, until - now());
  const total = Math.max(1000, left());
  const around = 2 * Math.PI * 21;
  const keys = keysOf();
  return h('div', { class: 'preview', key: i.id, role: 'dialog', 'aria-modal': 'false', 'aria-label': over ? t('take over from', { name: party(i) }) : inbound ? t('inbound from', { name: party(i) }) : t('Interaction preview') },
    h('header', null,
      h('div', null,
        h('p', { class: 'quiet-text' }, over ? t('state take-over') : inbound ? t('state incoming') : t('Interaction preview')),
        h('h2', null, inbound ? party(i) : i.campaign || ''),
        c?.greeting && !inbound ? h('p', { class: 'greeting' }, t('quoted', { text: c.greeting.replaceAll('{agent}', state.me?.agent || '') })) : null),
      until ? h('div', { class: 'countdown' },
        h('svg', { viewBox: '0 0 48 48', 'aria-hidden': 'true', class: 'ring' },
          h('circle', { cx: 24, cy: 24, r: 21, class: 'ring-back' }),
          h('circle', { cx: 24, cy: 24, r: 21, class: 'ring-front', 'stroke-dasharray': around.toFixed(2), tick: countdown(i.id, until, total, around) })),
        ticking('span', { class: 'figures', role: 'timer', 'aria-live': 'off', 'aria-label': t('seconds left', { n: Math.ceil(left() / 1000) }) }, () => String(Math.ceil(left() / 1000)))) : null),
    h('p', { class: 'preview-party' }, inbound ? phone(i.content?.number) : i.blank ? t('blank contact') : i.content?.name || phone(i.content?.number)),
    fieldList((fields || []).filter(f => f.name !== 'campaign' && !(f.name === 'name' && f.value === i.content?.name))),
    i.declined > 0 ? h('p', { class: 'warn-text' }, icon('warn'), t('declined times', { n: i.declined })) : null,
    over ? h('p', { class: 'warn-text' }, icon('warn'), why(i.reason)) : null,
    inbound && !over ? null : h('p', { class: 'quiet-text' }, t(over ? 'asks the next' : i.answered_at ? 'contact waits' : 'returns to top')),
    h('div', { class: 'row preview-row' },
      button({ name: t('Decline'), key: keys.decline, busy: on(i.id, 'decline'), run: () => decline(i) }),
      button({ name: inbound && !over ? t('Answer') : t('Accept'), label: t('Accept'), icon: 'call', kind: 'good', key: keys.accept, busy: on(i.id, 'accept'), run: () => accept(i) })));
}

/** @type {Map<string, number>} the whole of each countdown */
const totals = new Map();

/** @param {string} id @param {number} until @param {number} total @param {number} around */
function countdown(id, until, total, around) {
  if (!totals.has(id)) totals.set(id, total);
  const whole = totals.get(id) || total;
  return (/** @type {Element} */ el) => {
    const part = Math.max(0, Math.min(1, (until - now()) / whole));
    el.setAttribute('stroke-dashoffset', (around * (1 - part)).toFixed(1));
  };
}

// ---- dialogs --------------------------------------------------------------

export function dialogs() {
  if (ui.dialog !== 'help') capturing = '';
  if (ui.dialog === 'help') return help();
  if (ui.dialog === 'settings') return settings();
  if (ui.dialog === 'check') return checkDialog();
  if (ui.dialog === 'sound') return soundDialog();
  if (ui.dialog === 'erase') return eraseDialog();
  if (ui.dialog.startsWith('delete:')) return deleteDialog(ui.dialog.slice(7));
  if (ui.dialog.startsWith('correct:')) return correct(ui.dialog.slice(8));
  return null;
}

let capturing = '';

/** A key for a setting, as it is written on buttons. @param {KeyboardEvent} e */
export function keyName(e) {
  const parts = [];
  if (e.ctrlKey) parts.push('Ctrl');
  if (e.shiftKey && e.key.length > 1) parts.push('Shift');
  const key = e.key === ' ' ? 'Space' : e.key.length === 1 ? e.key.toUpperCase() : e.key;
  return [...parts, key].join('+');
}

function help() {
  const keys = keysOf();
  const names = ['accept', 'decline', 'hold', 'hangup', 'mute', 'done', 'extend', 'dnc', 'note', 'help'];
  return dialog(t('Help'), 'help',
    h('p', null, t('help intro')),
    h('h3', null, t('keys title')),
    checkbox({ name: t('keys on'), checked: prefs.keysOn, anyTab: true, change: v => setPref('keysOn', v) }),
    h('p', { class: 'quiet-text' }, t('keys intro')),
    h('table', { class: 'keys' }, h('tbody', null,
      names.map(n => h('tr', { key: n }, h('th', { scope: 'row' }, t(`key ${n}`)), h('td', null, h('button', {
        type: 'button', class: 'button', disabled: !prefs.keysOn, 'aria-label': `${t(`key ${n}`)}: ${keys[n]}`,
        onclick: () => { capturing = n; redraw(); },
        onblur: () => { if (capturing === n) { capturing = ''; redraw(); } },
        onkeydown: (/** @type {KeyboardEvent} */ e) => {
          if (capturing !== n || ['Shift', 'Control', 'Alt', 'Meta', 'Tab'].includes(e.key)) return;
          e.preventDefault();
          e.stopPropagation();
          capturing = '';
          const taken = e.altKey || e.metaKey || e.key === 'Escape' || /^\d$/.test(e.key) || (e.ctrlKey && e.key !== 'Enter');
          if (taken) redraw();
          else setPref('keys', { ...prefs.keys, [n]: keyName(e) });
        },
      }, h('kbd', null, capturing === n ? t('keys press') : keys[n] || '–'))))),
      h('tr', { key: 'digits' }, h('th', { scope: 'row' }, t('key digits')), h('td', null, h('kbd', null, '1'), ' … ', h('kbd', null, '9'))))),
    button({ name: t('keys reset'), kind: 'quiet', anyTab: true, run: () => setPref('keys', {}) }));
}

function settings() {
  /** @type {[string, string][]} */
  const themes = [['auto', t('theme auto')], ['light', t('theme light')], ['dark', t('theme dark')]];
  return dialog(t('Settings'), 'settings',
    h('div', { class: 'pair' },
      plainSelect(t('Theme'), prefs.theme, themes, v => setPref('theme', v)),
      plainSelect(t('Density'), prefs.density, [['normal', t('density normal')], ['dense', t('density dense')]], v => setPref('density', v))),
    h('h3', null, t('link headset')),
    h('div', { class: 'row' },
      button({ name: t('Sound'), icon: 'mic', anyTab: true, run: () => { ui.dialog = 'sound'; redraw(); } }),
      ownHeadset() ? button({ name: t('Device check'), anyTab: true, run: () => openCheck() }) : null),
    ownConsent(),
    h('h3', null, t('own password')),
    h('form', { class: 'stack', onsubmit: changePassword },
      h('input', { type: 'text', class: 'unseen', autocomplete: 'username', value: state.session?.user || '', readonly: true, tabindex: '-1', 'aria-hidden': 'true' }),
      state.session?.has_password === false ? null : h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('old password')), h('input', { type: 'password', name: 'old', autocomplete: 'current-password', required: true })),
      h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('new password')), h('input', { type: 'password', name: 'new', autocomplete: 'new-password', required: true, minlength: 8 })),
      h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button' }, t('Save')))),
    h('p', { class: 'quiet-text' }, `Freiton ${state.session?.version || ''} · ${state.session?.user || ''}`));
}

/** What one said to being recorded; whoever is no agent is not recorded. */
function ownConsent() {
  const s = state.session;
  if (!s || !state.me) return null;
  const c = s.recording_consent;
  const say = async (/** @type {boolean} */ given) => {
    try {
      const u = await call('PUT', '/session/recording-consent', { given });
      s.recording_consent = u?.recording_consent;
      toast('good', t(given ? 'consent saved' : 'consent withdrawn'));
    } catch (x) {
      toast('bad', explain(x));
    }
    redraw();
  };
  return h('section', { key: 'consent', class: 'stack' },
    h('h3', null, t('own recording')),
    h('p', { role: 'status' }, c ? t(c.given ? 'own recording given' : 'own recording withdrawn', { time: moment(c.at), name: c.by }) : t('own recording open')),
    h('p', { class: 'quiet-text' }, t('own recording law')),
    h('div', { class: 'row' }, c?.given
      ? button({ name: t('withdraw consent'), anyTab: true, run: () => say(false) })
      : button({ name: t('consent to recording'), anyTab: true, run: () => say(true) })));
}

/** @param {any} e */
async function changePassword(e) {
  e.preventDefault();
  const form = /** @type {HTMLFormElement} */ (e.currentTarget);
  const data = new FormData(form);
  try {
    await call('PUT', '/session/password', { old: data.get('old') || '', new: data.get('new') });
    form.reset();
    if (state.session) state.session.has_password = true;
    toast('good', t('password changed'));
  } catch (x) {
    toast('bad', x instanceof Problem && (x.code === 'wrong-password' || x.status === 401) ? t('error wrong') : explain(x));
  }
}

/** @param {string} name @param {string} value @param {[string, string][]} options @param {(v: string) => void} change */
function plainSelect(name, value, options, change) {
  return h('label', { class: 'field' }, h('span', { class: 'field-name' }, name),
    h('select', { value, onchange: (/** @type {any} */ e) => change(e.target.value) }, options.map(([v, text]) => h('option', { key: v, value: v }, text))));
}
