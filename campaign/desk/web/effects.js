/** What an event does besides being shown: it is heard, said, told, and fetched for. */
import { say } from './dom.js';
import { t } from './i18n.js';
import { post } from './api.js';
import { state } from './state.js';
import { ui, redraw, drawNow, dropToastSaying, toast, why, on, resultName } from './ui.js';
import { party } from './party.js';
import { messageText } from './messages.js';
import { clearForCall } from './devicecheck.js';
import { sound, notify } from './sound.js';
import { forget, look, textsOf } from './data.js';

/** @typedef {import('./types.js').Interaction} Interaction */
/** @typedef {import('./types.js').FloorEvent} FloorEvent */

/** @param {{unread: number, newest?: import('./types.js').Message}} data */
export function mail(data) {
  forget('/messages');
  if (data.unread > state.unread && data.newest && data.newest.id !== lastMail) toast('info', messageText(data.newest), { small: data.newest.from || t('the dialer'), ms: 12000, kept: true });
  if (data.newest) sessionStorage.setItem(mailKey, lastMail = data.newest.id);
  state.unread = data.unread;
}
const mailKey = 'freiton.mail'; // the newest message that was told: a reload does not tell it again
let lastMail = sessionStorage.getItem(mailKey) || '';

/** @param {FloorEvent} e */
export function effects(e) {
  const own = e.agent === state.me?.agent;
  const i = e.interaction_view;
  if (e.kind === 'campaign') forget(`/campaigns/${encodeURIComponent(e.campaign || '')}/status`);
  if (e.kind === 'declined-often') toast('info', t('declined often', { agent: e.agent, text: e.text }));
  if (!own) return;
  if (i?.kind === 'consult') {
    if (e.kind === 'refused') toast('bad', why(e.reason || i.reason));
    if (e.kind === 'joined') sound.zip();
    if (e.kind === 'ended' && !i.answered_at) toast('info', t('consult none', { name: party(i) }));
    return;
  }
  switch (e.kind) {
    case 'offered':
      clearForCall();
      sound.ring();
      say(`${t('Interaction preview')}: ${i?.campaign || ''} ${i?.content?.name || ''}`, true);
      if (i) notify(t('Interaction preview'), t('notify offer', { name: i.content?.name || '', campaign: i.campaign || '' }));
      textsOf(i?.campaign);
      break;
    case 'opened':
      forget('/workbin');
      if (i) opened(i);
      break;
    case 'ringing':
      if (i?.state === 'incoming') {
        clearForCall();
        sound.ring();
        say(t('inbound from', { name: party(i) }), true);
        notify(t('state incoming'), party(i));
      }
      break;
    case 'joined':
      sound.zip();
      break;
    case 'answered':
      look(`/interactions/${encodeURIComponent(e.interaction || '')}/history`, 0);
      break;
    case 'muted':
      sound.mute(Boolean(i?.muted));
      if (!i?.muted) dropToastSaying(t('talking muted'));
      break;
    case 'digit':
      toast('info', t('digit pressed', { digit: e.text }), { ms: 3000 });
      break;
    case 'warning':
      say(t('overtime'));
      break;
    case 'ended':
      if (i?.state === 'over') doneWith(i); // a quick result, or nobody's
      ui.keypad = ui.transfer = ui.consult = false;
      ui.sent = '';
      sound.mute(false);
      forget('/history');
      break;
    case 'take-over':
      clearForCall();
      sound.ring();
      if (i) {
        say(t('take over from', { name: party(i) }), true);
        notify(t('state take-over'), t('take over from', { name: party(i) }));
        textsOf(i.campaign);
      }
      break;
    case 'transfer':
      toast('bad', why(e.reason));
      break;
    case 'sound-lost':
    case 'sound-back':
      say(why(e.reason), true);
      break;
    case 'handed-on':
    case 'cut-off':
      toast('bad', why(e.reason));
      break;
    case 'contact':
      forget(`/interactions/${encodeURIComponent(e.interaction || '')}/contact`);
      break;
    case 'withdrawn':
      if (e.reason?.code === 'agent-not-heard') toast('bad', why(e.reason));
      else toast('info', t('withdrawn', { reason: why(e.reason || i?.reason) }));
      break;
    case 'missed':
      toast('bad', t(i?.answered_at ? 'missed waiting' : 'missed'));
      break;
    case 'lost':
      toast('bad', t('lost record'));
      break;
    case 'no-record':
      toast('info', t('no record', { reason: why(e.reason) || e.text || '' }));
      break;
    case 'refused':
      if (i?.state === 'over') toast('bad', why(e.reason || i.reason));
      break;
    case 'done':
      if (i) doneWith(i);
      break;
    case 'popup':
      if (e.popup) say(t(e.popup.stage === 'loaded' ? 'Campaign loaded' : 'Campaign started', { name: e.popup.campaign }));
      break;
  }
}

/** @param {Interaction} i */
function doneWith(i) {
  const again = () => {
    forget('/workbin');
    forget('/history');
    redraw();
  };
  again();
  setTimeout(again, 2000); // the store hears of it a moment after the journal
  ui.callback = ui.keypad = ui.transfer = ui.consult = false;
  ui.pending.delete(i.id);
  if (!i.answered_at && i.dialed_at) say(t('not called toast', { name: party(i), result: resultName(i.result || i.dialer_result) }));
}

/** @type {Set<string>} */
const reported = new Set();

/**
 * A record has come onto the screen: said to the server only when it is there,
 * for that releases the call.
 * @param {Interaction} i
 */
export function opened(i) {
  if (['offered', 'incoming', 'take-over'].includes(i.state)) return;
  ui.view = 'desk';
  textsOf(i.campaign);
  if (state.viewer || !['opening', 'open'].includes(i.state) || reported.has(i.id)) return;
  reported.add(i.id);
  drawNow();
  let told = false;
  const shown = () => {
    if (told) return;
    told = true;
    post(on(i.id, 'shown')).catch(() => reported.delete(i.id));
    focusScript();
  };
  if (document.hidden) shown();
  else {
    requestAnimationFrame(() => requestAnimationFrame(shown));
    setTimeout(shown, 250); // a window that is covered draws no frames
  }
}

/** The first line of the script takes the focus, unless somebody is typing. */
function focusScript() {
  const at = document.activeElement;
  if (at && at.matches('input, textarea, select')) return;
  const line = document.getElementById('script-first') || document.getElementById('centre');
  line?.focus({ preventScroll: true });
}
