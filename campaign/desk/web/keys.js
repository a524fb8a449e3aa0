/** The keyboard: first ring to conversation without the mouse. */
import { mine, offered } from './state.js';
import { ui, prefs, redraw } from './ui.js';
import { keysOf } from './keymap.js';
import { hangUp, mayHangUp, toggleHold, toggleMute, sendDigit } from './interaction.js';
import { chooseResult, doNotCall, finish, extend } from './dispositions.js';
import { accept, decline, keyName } from './overlay.js';

/** When a key that cannot be taken back was pressed last. @type {{[action: string]: number}} */
const last = {};

/** @param {string} action */
function throttled(action) {
  const at = Date.now();
  if (at - (last[action] || 0) < 1000) return true;
  last[action] = at;
  return false;
}

/** @param {EventTarget|null} target */
function inField(target) {
  const el = /** @type {HTMLElement|null} */ (target);
  return Boolean(el?.closest?.('input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]'));
}

/** @param {KeyboardEvent} e */
export function onKey(e) {
  if (e.isComposing || e.altKey || e.metaKey || !prefs.keysOn || e.getModifierState('AltGraph')) return;
  if (ui.dialog) return; // its own keys
  const i = mine();
  const keys = keysOf();
  const name = keyName(e);
  const action = Object.keys(keys).find(k => keys[k] === name);
  const plain = e.key.length === 1 && !e.ctrlKey;
  if (plain && inField(e.target)) return;
  if (plain && i && /^[0-9*#]$/.test(e.key)) {
    if (e.repeat) return;
    if (ui.keypad && i.state === 'talking') sendDigit(i, e.key);
    else if (/[1-9]/.test(e.key) && ui.view === 'desk') {
      const r = offered(i)[Number(e.key) - 1];
      if (!r || (r.quick && throttled('quick'))) return;
      chooseResult(i, r);
    } else return;
    e.preventDefault();
    return;
  }
  if (!action || e.repeat) {
    if (action) e.preventDefault();
    return;
  }
  if (run(action, i)) e.preventDefault();
}

/** @param {string} action @param {import('./types.js').Interaction|null} i */
function run(action, i) {
  switch (action) {
    case 'help':
      ui.dialog = 'help';
      redraw();
      return true;
    case 'note':
      document.getElementById('note')?.focus();
      return true;
  }
  if (!i) return /^(accept|decline|hold|hangup)$/.test(action);
  const asked = ['offered', 'incoming', 'take-over'].includes(i.state);
  if (action === 'accept' && asked) accept(i);
  else if (action === 'decline' && asked && !throttled('decline')) decline(i);
  else if (action === 'hold' && i.state === 'talking') toggleHold(i);
  else if (action === 'hangup' && mayHangUp(i)) hangUp(i);
  else if (action === 'mute' && ['talking', 'dialing', 'ringing'].includes(i.state)) toggleMute(i);
  else if (action === 'dnc') doNotCall(i);
  else if (action === 'extend' && !throttled('extend')) extend(i);
  else if (action === 'done' && !throttled('done')) finish(i);
  return true;
}
