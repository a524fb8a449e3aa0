/** Which key does what: as it is, or as she changed it. */
import { prefs } from './ui.js';

export function keysOf() {
  /** @type {{[name: string]: string}} */
  const keys = { accept: 'F2', decline: 'F4', hold: 'F8', hangup: 'F9', mute: 'M', done: 'Ctrl+Enter', extend: 'E', dnc: 'D', note: 'N', help: '?', ...prefs.keys };
  return prefs.keysOn ? keys : { accept: '', decline: '', hold: '', hangup: '', mute: '', done: '', extend: '', dnc: '', note: '', help: '' };
}
