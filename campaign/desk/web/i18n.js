/**
 * Words in German and English. A message is ICU text: {name} is filled in,
 * {n, plural, one {…} other {…}} chosen by the language's plural rule.
 */
import { en } from './i18n/en.js';
import { de } from './i18n/de.js';

/** @typedef {'en'|'de'} Language */
/** @type {{[language: string]: {[key: string]: string}}} */
const books = { en, de };

const kept = 'freiton.language';
/** @type {Language} */
let language = first();

/** The language chosen before, else the browser's. @returns {Language} */
function first() {
  const chosen = localStorage.getItem(kept);
  if (chosen === 'de' || chosen === 'en') return chosen;
  for (const l of navigator.languages || [navigator.language]) {
    if (/^de\b/i.test(l)) return 'de';
    if (/^en\b/i.test(l)) return 'en';
  }
  return 'en';
}

export function currentLanguage() {
  return language;
}

/** @param {Language} l */
export function setLanguage(l) {
  language = l;
  localStorage.setItem(kept, l);
  document.documentElement.lang = l;
}

/**
 * @param {string} key
 * @param {{[name: string]: any}} [args]
 * @returns {string}
 */
export function t(key, args = {}) {
  const text = books[language][key] ?? en[key];
  return text === undefined ? key : fill(text, args);
}

/** Whether there is a message of that name. @param {string} key */
export function has(key) {
  return key in en;
}

/** @param {string} text @param {{[name: string]: any}} args @returns {string} */
function fill(text, args) {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '{') {
      out += text[i];
      continue;
    }
    const end = closing(text, i);
    out += one(text.slice(i + 1, end), args);
    i = end;
  }
  return out;
}

/** @param {string} text @param {number} from */
function closing(text, from) {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '{') depth++;
    if (text[i] === '}' && --depth === 0) return i;
  }
  return text.length;
}

/** @param {string} inner @param {{[name: string]: any}} args */
function one(inner, args) {
  const m = /^(\w+)\s*,\s*plural\s*,\s*([\s\S]*)$/.exec(inner);
  if (!m) return String(args[inner.trim()] ?? '');
  const n = Number(args[m[1]]);
  const rule = new Intl.PluralRules(language).select(n);
  /** @type {{[rule: string]: string}} */
  const forms = {};
  for (let i = 0, rest = m[2]; i < rest.length;) {
    const open = rest.indexOf('{', i);
    if (open < 0) break;
    const end = closing(rest, open);
    forms[rest.slice(i, open).trim()] = rest.slice(open + 1, end);
    i = end + 1;
  }
  return fill(forms[`=${n}`] ?? forms[rule] ?? forms.other ?? '', args).replaceAll('#', String(n));
}

/** @param {Date|string} at @param {string} [timeZone] */
function inZone(at, timeZone) {
  return new Date(at).toLocaleTimeString(language, { timeZone, hour: language === 'de' ? '2-digit' : 'numeric', minute: '2-digit' });
}

/** @param {Date|string} at */
export function clockTime(at) {
  return inZone(at);
}

/** A day and time, "today" left out. @param {Date|string} at @param {Date} [now] */
export function dayTime(at, now = new Date()) {
  const d = new Date(at);
  const days = Math.round((new Date(d).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86400e3);
  const time = clockTime(d);
  if (days === 0) return time;
  if (days === 1) return t('tomorrow at', { time });
  if (days === -1) return t('yesterday at', { time });
  return `${d.toLocaleDateString(language, { weekday: 'short', day: 'numeric', month: 'short', year: days > 300 || days < -300 ? 'numeric' : undefined })}, ${time}`;
}

/** The time now in a zone; "" for one that the browser does not know. @param {string} zone */
export function zoneTime(zone) {
  try {
    return inZone(new Date(), zone);
  } catch {
    return '';
  }
}

/** A moment in full, to the second. @param {Date|string} at */
export function moment(at) {
  return new Date(at).toLocaleString(language, { dateStyle: 'short', timeStyle: 'medium' });
}

/** @param {number} n @param {number} [places] */
export function count(n, places = 0) {
  return (n || 0).toLocaleString(language, { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** A share of 0 to 1. @param {number} of */
export function share(of) {
  return (of || 0).toLocaleString(language, { style: 'percent', maximumFractionDigits: 2 });
}

/** Minutes and seconds, hours if need be. @param {number} ms */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** A number as people read it. @param {string|undefined} e164 */
export function phone(e164) {
  const s = e164 || '';
  let m = /^\+49(1[567]\d|30|40|69|89|[2-9]\d{1,2}1)(\d{3,})$/.exec(s);
  if (m) return `+49 ${m[1]} ${m[2]}`;
  m = /^\+(1|7)(\d{3})(\d{3})(\d{4})$/.exec(s);
  if (m) return `+${m[1]} ${m[2]} ${m[3]} ${m[4]}`;
  m = /^\+(2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})(\d+)$/.exec(s);
  return m ? `+${m[1]} ${m[2]}` : s;
}

document.documentElement.lang = language;
