/** A test call to oneself: a beep, a time to speak, and one's own voice back from the server. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { call, get, post, Problem } from './api.js';
import { mine, ownHeadset } from './state.js';
import { ui, button, explain, redraw, ticking } from './ui.js';
import { sound } from './sound.js';

/** @typedef {{stage: string, beep_ms: number, listen_ms: number, level_dbfs: number, floor_dbfs: number, missing: number, clipped: boolean, rtt_ms: number}} TestCall */

/** @type {TestCall|null} */
let now = null;
let began = 0;
let turn = 0;
let back = -120; // the loudest that came back, dBFS
let failed = '';

const runs = () => now !== null && now.stage !== 'done' && began > 0;

async function begin() {
  const mineOnly = ++turn;
  failed = '';
  now = null;
  back = -120;
  try {
    await sound.wake();
    const first = /** @type {TestCall} */ (await post('/headset/test-call'));
    now = first;
    began = performance.now();
    redraw();
    const limit = began + first.beep_ms + 2 * first.listen_ms + 5000;
    while (mineOnly === turn && now && now.stage !== 'done' && performance.now() < limit) {
      if (ui.dialog !== 'check' && ui.dialog !== 'sound') return endTestCall();
      await new Promise(r => setTimeout(r, 100));
      if (now.stage === 'play') back = Math.max(back, sound.heard());
      if (Math.round((performance.now() - began) / 100) % 5 === 0) {
        now = await get('/headset/test-call');
        redraw();
      }
    }
  } catch (e) {
    failed = e instanceof Problem && e.status === 409 ? e.message : explain(e);
  }
  if (mineOnly === turn) began = 0;
  redraw();
}

/** Ends it, if it runs. */
export function endTestCall() {
  if (!runs()) return;
  turn++;
  now = null;
  began = 0;
  call('DELETE', '/headset/test-call').catch(() => {});
}

/** The seconds a stage still lasts. @param {TestCall} c */
function left(c) {
  const at = performance.now() - began;
  const end = c.stage === 'beep' ? c.beep_ms : c.stage === 'listen' ? c.beep_ms + c.listen_ms : c.beep_ms + 2 * c.listen_ms;
  return Math.max(0, Math.ceil((end - at) / 1000));
}

/** What was heard, in words. @param {TestCall} c @returns {[boolean, string][]} */
export function verdicts(c) {
  const level = Math.round(c.level_dbfs);
  const delay = Math.round((sound.way()?.rttMS ?? c.rtt_ms) + (sound.way()?.bufferMS ?? 0) + 20);
  /** @type {[boolean, string][]} */
  const out = [];
  if (c.missing > 50) out.push([false, t(ownHeadset() ? 'test nothing came' : 'test nothing worn')]);
  else if (level < -60) out.push([false, t('test silent', { level })]);
  else if (c.clipped) out.push([false, t('test loud', { level })]);
  else if (level < -40) out.push([false, t('test quiet', { level })]);
  else out.push([true, t('test level good', { level })]);
  if (level >= -60 && ownHeadset()) out.push(back > c.level_dbfs - 20 ? [true, t('test came back')] : [false, t('test not back')]);
  if (c.missing > 2 && c.missing <= 50) out.push([false, t('test missing', { n: Math.round(c.missing) })]);
  if (ownHeadset() || c.rtt_ms > 0) out.push([delay < 300, t(delay < 150 ? 'test delay good' : delay < 300 ? 'test delay fair' : 'test delay bad', { n: delay })]);
  return out;
}

export function testCallPanel() {
  const c = now;
  return h('section', { class: 'test-call', 'aria-label': t('test call'), key: 'test-call' },
    h('div', { class: 'row' },
      h('div', { class: 'grow' }, h('strong', null, t('test call')), h('p', { class: 'quiet-text' }, t('test intro'))),
      runs() ? button({ name: t('End test call'), kind: 'danger', anyTab: true, run: () => { endTestCall(); redraw(); } })
        : button({ name: t('Test call'), icon: 'call', disabled: Boolean(mine()), run: () => { begin(); } })),
    h('div', { role: 'status', 'aria-label': t('Test result'), class: 'test-result' },
      failed ? h('p', { class: 'warn-text' }, failed) : null,
      c && runs() ? h('p', { key: c.stage }, h('strong', null, t(`test ${c.stage}`)), ' ', ticking('span', { class: 'figures', 'aria-hidden': 'true' }, () => `${left(c)} s`)) : null,
      c && c.stage === 'done' ? h('ul', { class: 'plain' }, verdicts(c).map(([good, text]) => h('li', { key: text, class: good ? 'good-text' : 'warn-text' }, text))) : null));
}
