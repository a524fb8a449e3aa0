/**
 * The device check: line by line from the microphone to the server, each with a
 * light and, where it is not green, what to do. Red keeps from Ready; who has
 * passed with these devices is not asked again for a day's work.
 *
 *   Ready ─► passed before? ─yes─► status ready
 *              └no─► dialog ─ run() ─► Passed, Usable ─► status ready, by itself
 *                                  │     └ something was tried in it ─ Continue ─► status ready
 *                                  └─► Failed: the cure, Run check
 */
import { h } from './dom.js';
import { t } from './i18n.js';
import { get, post, Problem } from './api.js';
import { state, mine, ownHeadset } from './state.js';
import { ui, act, button, redraw, toast } from './ui.js';
import { dialog, closeDialog, openDialog } from './dialog.js';
import { sound } from './sound.js';
import { levelBar, deviceSelect } from './soundparts.js';
import { testCallPanel, endTestCall } from './testcall.js';

/** @typedef {'good'|'warn'|'bad'|'pending'} Verdict */
/** @typedef {{verdict: Verdict, text: () => string, value?: string}} Line text in the language of the moment */

const lineNames = ['microphone', 'level', 'speaker', 'path', 'media', 'server', 'clock'];
const validFor = 12 * 3600_000;
const key = 'freiton.check';
const heardAt = -45; // dBFS of speech
const signalAt = -90; // what a live microphone in a quiet room is above

/** @type {Map<string, Line>} */
const lines = new Map();
let turn = 0; // of run(): what began before is void
let running = false;
let readyAfter = false; // opened by Ready
let touched = false; // somebody tries something in the dialog: it waits for her
let loudest = -120;
let report = '';
let checkedWith = ''; // the devices

/** Which devices are in use, and whose. */
function devicesNow() {
  const d = sound.devices();
  return JSON.stringify([state.session?.user || '', d.microphone, d.speaker]);
}

/** @returns {{passed: string, until: number}|null} */
function kept() {
  try {
    const k = JSON.parse(localStorage.getItem(key) || 'null');
    return k && k.until > Date.now() ? k : null;
  } catch {
    return null;
  }
}

/** Ready was pressed: after the device check, where one is due. */
export async function goReady() {
  const send = () => act('/agent/status', { status: 'ready' }, 'status ready');
  const k = kept();
  if (!ownHeadset() || k?.passed === 'any') {
    if (ownHeadset()) sound.wake();
    await send();
    return;
  }
  if (!k) {
    openCheck(true);
    return;
  }
  await sound.wake();
  if (sound.problem() || k.passed !== devicesNow()) openCheck(true);
  else await send();
}

/** Opens the dialog and begins. @param {boolean} [ready] go Ready afterwards */
export function openCheck(ready = false) {
  readyAfter = ready;
  touched = false;
  openDialog('check');
  run();
}

/** @param {string} name @param {Verdict} verdict @param {() => string} text @param {string} [value] for the report */
function put(name, verdict, text, value = '') {
  lines.set(name, { verdict, text, value });
  redraw();
}

async function run() {
  const mineOnly = ++turn;
  const gone = () => mineOnly !== turn || ui.dialog !== 'check';
  running = true;
  report = '';
  loudest = -120;
  for (const n of lineNames) lines.set(n, { verdict: 'pending', text: () => '' });
  redraw();
  await sound.wake();
  if (gone()) return stopped(mineOnly);
  checkedWith = devicesNow();
  const server = serverLines();
  const blocked = sound.problem() && !['mic refused', 'mic unreachable', 'mic failed', 'mic speaker'].includes(sound.problem());
  if (blocked) {
    const why = sound.problem();
    put('microphone', 'bad', () => t(why), why);
    for (const n of ['level', 'path', 'media', 'speaker']) put(n, 'bad', () => t('check no microphone'));
  } else {
    const label = sound.devices().microphone;
    put('microphone', 'good', () => label || t('default device'), label);
    speakerLine();
    await Promise.all([levelLine(gone), pathLines(gone)]);
  }
  await server;
  if (gone()) return stopped(mineOnly);
  running = false;
  keepResult();
  redraw();
}

/** @param {number} which */
function stopped(which) {
  if (which === turn) running = false;
  redraw();
}

function speakerLine() {
  if (sound.problem() === 'mic speaker') put('speaker', 'bad', () => t('mic speaker'), 'nospeaker');
  else {
    sound.test();
    put('speaker', 'good', () => t('check played'), sound.devices().speaker);
  }
}

/** Waits for a condition. @param {() => boolean} cond @param {number} ms */
async function wait(cond, ms) {
  const until = Date.now() + ms;
  while (!cond() && Date.now() < until) await new Promise(r => setTimeout(r, 100));
  return cond();
}

/** @param {() => boolean} gone */
async function levelLine(gone) {
  put('level', 'pending', () => t('check speak'));
  await wait(() => gone() || loudest > heardAt, 5000);
  if (!gone()) weighLevel();
}

/** What the microphone has brought so far. A voice that comes later turns the light. */
function weighLevel() {
  const value = `${Math.round(loudest)} dBFS`;
  if (loudest > heardAt) put('level', 'good', () => t('check heard'), value);
  else if (loudest > signalAt) put('level', 'warn', () => t('check quiet'), value);
  else put('level', 'bad', () => t('mic silent'), value);
}

/** @param {() => boolean} gone */
async function pathLines(gone) {
  await wait(() => gone() || sound.link() === 'live' || Boolean(sound.problem()), 12_000);
  if (gone()) return;
  if (sound.link() !== 'live') {
    const why = sound.problem() || 'mic unreachable';
    const text = sound.problemText();
    put('path', 'bad', () => t(why, { text }), why);
    put('media', 'bad', () => t('check no path'));
    return;
  }
  await wait(() => gone() || (sound.way()?.rttMS ?? null) !== null, 4000);
  const w = sound.way();
  const path = [(w?.transport || 'udp').toUpperCase(), w?.candidate || ''].filter(Boolean).join(', ');
  put('path', 'good', () => t('check path good', { path }), path);
  // Loss and jitter are the server's word: only it hears us yet.
  await wait(gone, 2200);
  if (!gone()) await mediaLine();
}

async function mediaLine() {
  const rtt = Math.round(sound.way()?.rttMS ?? 0);
  /** @type {import('./types.js').Leg} */
  let leg = {};
  try {
    leg = (await get('/quality')).headset || {};
  } catch { /* the server's line says so */ }
  const loss = Math.max(leg.loss || 0, sound.way()?.sentLossPercent || 0);
  const jitter = Math.round(leg.jitter_ms || 0);
  const verdict = rtt > 800 || loss > 10 || jitter > 150 ? 'bad' : rtt > 250 || loss > 2 || jitter > 40 ? 'warn' : 'good';
  const figures = { rtt, loss: loss.toFixed(1), jitter };
  put('media', verdict, () => `${t('check media figures', figures)} ${verdict === 'good' ? '' : t('check media bad')}`, JSON.stringify(figures));
}

async function serverLines() {
  let best = Infinity;
  let offset = 0;
  try {
    for (let n = 0; n < 3; n++) {
      const from = performance.now();
      const s = await get('/state');
      const took = performance.now() - from;
      if (took >= best) continue;
      best = took;
      offset = new Date(s.at).getTime() - Date.now() + took / 2;
    }
  } catch (e) {
    put('server', 'bad', () => (e instanceof Problem && e.status ? e.message : t('error network')));
    put('clock', 'warn', () => t('check unknown'));
    return;
  }
  const took = { n: Math.round(best) };
  put('server', best < 300 ? 'good' : 'warn', () => `${t('check rtt', took)}. ${best < 300 ? '' : t('check media bad')}`, `${took.n} ms`);
  const away = { n: Math.abs(Math.round(offset)) };
  put('clock', away.n < 2000 ? 'good' : 'warn', () => `${t('check offset', away)}. ${away.n < 2000 ? '' : t('check clock cure')}`, `${Math.round(offset)} ms`);
}

/** @returns {'running'|'passed'|'usable'|'failed'} */
function result() {
  const all = lineNames.map(n => lines.get(n)?.verdict || 'pending');
  if (all.includes('bad')) return running ? 'running' : 'failed';
  if (running || all.includes('pending')) return 'running';
  return all.includes('warn') ? 'usable' : 'passed';
}

/** Remembers that it was passed, and tells the server how it went. */
async function keepResult() {
  const r = result();
  if (r === 'failed') {
    localStorage.removeItem(key);
    if (state.me?.status === 'ready' && !mine()) notReady();
  } else localStorage.setItem(key, JSON.stringify({ passed: checkedWith, until: Date.now() + validFor }));
  try {
    report = (await post('/headset/check', {
      browser: navigator.userAgent.slice(0, 400),
      lines: lineNames.map(n => ({ name: n, verdict: lines.get(n)?.verdict || 'pending', value: (lines.get(n)?.value || '').slice(0, 300) })),
    })).id;
  } catch { /* the server's line is red then */ }
  redraw();
  goOn();
}

const readFor = 1500; // ms: how long the verdict stands before it goes on
let going = 0;

/** Goes Ready by itself where nothing is red: only red keeps from it. */
function goOn() {
  const fit = () => readyAfter && !touched && ui.dialog === 'check' && ['passed', 'usable'].includes(result());
  clearTimeout(going);
  if (!fit()) return;
  going = window.setTimeout(() => {
    if (!fit()) return;
    if (result() === 'usable') toast('info', `${t('check is usable')} ${t('check means usable')}`, { action: { name: t('Device check'), run: () => openCheck() } });
    done();
  }, readFor);
}

for (const type of ['pointerdown', 'keydown']) {
  document.addEventListener(type, e => {
    if (ui.dialog === 'check' && /** @type {Element|null} */ (e.target)?.closest?.('dialog')) touched = true;
  });
}

function notReady() {
  act('/agent/status', { status: 'not-ready', reason: 'Technik' }, 'status not-ready');
  toast('bad', t('check not ready'));
}

// Other devices than those that passed: checked anew before the next Ready, and
// at once where the dialog is open. A blocked microphone takes no more records.
sound.onChanged = () => {
  if (ui.dialog === 'check' && !running && sound.devices().microphone && devicesNow() !== checkedWith) run();
  if (['mic denied', 'mic missing', 'mic busy'].includes(sound.problem()) && ownHeadset() && state.me?.status === 'ready' && !mine() && !state.viewer) notReady();
};

/** What support needs, as text. */
function reportText() {
  return [`Freiton ${state.session?.version || ''} · ${t('Device check')} ${report}`, `${state.session?.user || ''} · ${new Date().toISOString()} · ${navigator.userAgent}`,
    ...lineNames.map(n => `${n}: ${lines.get(n)?.verdict || ''} ${lines.get(n)?.value || ''}`)].join('\n');
}

function done() {
  endTestCall();
  closeDialog();
  if (readyAfter) act('/agent/status', { status: 'ready' }, 'status ready');
}

/** @param {string} name @param {import('./dom.js').Kid} more */
function row(name, more = null) {
  const l = lines.get(name) || { verdict: 'pending', text: () => '' };
  return h('li', { key: name, class: l.verdict },
    h('span', { class: 'lamp', 'aria-hidden': 'true' }), h('strong', null, t(`check ${name}`)), h('span', { class: 'check-word' }, t(`check ${l.verdict}`)),
    h('div', { class: 'check-more' }, h('p', null, l.text()), more));
}

export function checkDialog() {
  const r = result();
  return dialog(t('Device check'), 'check',
    h('p', { class: `check-result ${r}`, role: 'status', 'aria-label': t('Check result') }, h('strong', null, t(`check is ${r}`)), ' ', t(`check means ${r}`)),
    h('ul', { class: 'checks' },
      row('microphone', deviceSelect('microphones')),
      row('level', levelBar(db => {
        if (db <= loudest) return;
        const before = loudest;
        loudest = db;
        const shown = lines.get('level')?.verdict;
        if ((shown === 'warn' || shown === 'bad') && before <= heardAt && db > heardAt && sound.link() === 'live') later();
      })),
      row('speaker', h('div', { class: 'row' }, deviceSelect('speakers'), button({ name: t('check play'), anyTab: true, run: () => sound.test() }))),
      row('path'), row('media'), row('server'), row('clock'),
      extra('ring', 'good', '', h('div', { class: 'row' }, deviceSelect('ring'), button({ name: t('check play ring'), anyTab: true, run: () => sound.ring() }))),
      notices()),
    testCallPanel(),
    h('div', { class: 'row check-foot' },
      report ? h('p', { class: 'quiet-text', key: 'report' }, t('check report', { id: report })) : null,
      report ? button({ name: t('Copy report'), kind: 'quiet', anyTab: true, run: () => navigator.clipboard?.writeText(reportText()).then(() => toast('good', t('copied')), () => {}) }) : null,
      h('span', { class: 'gap', 'aria-hidden': 'true' }),
      button({ name: t('Run check'), anyTab: true, disabled: running, run: () => run() }),
      readyAfter ? button({ name: t('Continue'), kind: 'primary', disabled: r !== 'passed' && r !== 'usable', run: done }) : null));
}

/** The voice came after the verdict. */
function later() {
  weighLevel();
  if (!running) keepResult();
}

/** A line that says something and decides nothing. @param {string} name @param {Verdict} verdict @param {string} text @param {import('./dom.js').Kid} more */
function extra(name, verdict, text, more = null) {
  return h('li', { key: name, class: verdict },
    h('span', { class: 'lamp', 'aria-hidden': 'true' }), h('strong', null, t(`check ${name}`)), h('span', { class: 'check-word' }, t(`check ${verdict}`)),
    h('div', { class: 'check-more' }, text ? h('p', null, text) : null, more));
}

function notices() {
  const may = 'Notification' in window ? Notification.permission : 'denied';
  return extra('notify', may === 'granted' ? 'good' : 'warn', t(may === 'granted' ? 'check on' : 'check off'),
    may === 'default' ? button({ name: t('check ask'), anyTab: true, run: () => Notification.requestPermission().then(redraw) }) : null);
}

/** A call comes: nothing may lie over it. */
export function clearForCall() {
  if (!['check', 'sound', 'help', 'settings'].includes(ui.dialog)) return;
  endTestCall();
  closeDialog();
}

