/** Pieces of the device check and of the sound menu. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { prefs, setPref } from './ui.js';
import { sound, listed } from './sound.js';

/** The microphone's level; only its width moves. @param {(db: number) => void} [seen] */
export function levelBar(seen = () => {}) {
  return h('span', { class: 'meter-track big', role: 'img', 'aria-label': t('check level') }, h('span', { class: 'meter-bar', tick: (/** @type {HTMLElement} */ el) => {
    el.style.transform = `scaleX(${sound.level().toFixed(3)})`;
    seen(sound.spoken());
  } }));
}

/** A choice of devices, by their labels: their ids change. @param {'microphones'|'speakers'|'ring'} kind */
export function deviceSelect(kind) {
  const d = sound.devices();
  const name = t({ microphones: 'check microphone', speakers: 'check speaker', ring: 'check ring' }[kind]);
  const list = kind === 'microphones' ? d.microphones : d.speakers;
  const value = kind === 'ring' ? prefs.ringDevice : listed(kind).find(l => list.some(x => x.label === l)) || '';
  return h('select', { 'aria-label': name, value, onchange: (/** @type {any} */ e) => {
    if (kind === 'ring') setPref('ringDevice', e.target.value);
    else sound.use(kind, e.target.value);
  } }, h('option', { key: '', value: '' }, t(kind === 'ring' ? 'ring default' : 'default device')),
  list.map(x => h('option', { key: x.label, value: x.label }, x.label)));
}

/** @param {string} name @param {number} value @param {(v: number) => void} change */
export function slider(name, value, change) {
  return h('label', { class: 'field slider' }, h('span', { class: 'field-name' }, name),
    h('input', { type: 'range', min: 0, max: 1, step: 0.05, value: String(value), oninput: (/** @type {any} */ e) => change(Number(e.target.value)) }));
}
