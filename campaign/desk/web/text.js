/** Texts of the administrator: placeholders filled, a little Markdown drawn. */
import { h } from './dom.js';
import { state } from './state.js';

/** @typedef {import('./types.js').Interaction} Interaction */

/**
 * What a placeholder stands for; undefined where nothing is known (yet).
 * @param {Interaction|null} i
 * @param {string} name
 * @returns {string|undefined}
 */
export function placeholder(i, name) {
  const low = name.trim().toLowerCase();
  if (low === 'agent') return state.me?.agent || state.session?.user;
  if (low === 'campaign') return i?.campaign;
  const c = i?.content;
  if (!c) return undefined;
  if (low === 'name' && c.name) return c.name;
  if (low === 'phone' || low === 'number') return c.number;
  if (low === 'id' || low === 'record_id') return c.record_id;
  const all = [...(c.fields || []), ...(c.record || []), ...(c.case || [])];
  const f = all.find(x => x.name.toLowerCase() === low);
  return f?.value || (low === 'customer_id' ? all.find(x => /^(kundennummer|customer.?(id|number))$/i.test(x.name))?.value : undefined);
}

/** @param {string} text @param {Interaction|null} i @param {(value: string) => string} [escape] */
export function fillIn(text, i, escape = s => s) {
  return text.replace(/\{([^{}\n]{1,60})\}/g, (whole, name) => {
    const v = placeholder(i, name);
    return v === undefined || v === '' ? whole : escape(v);
  });
}

/** The address of the customer's page; empty unless http or https and complete. @param {string|undefined} link @param {Interaction} i */
export function popLink(link, i) {
  if (!link) return '';
  const url = fillIn(link, i, encodeURIComponent);
  return /^https?:\/\/[^\s{}]+$/i.test(url) ? url : '';
}

/** Bold, emphasis and placeholders of one line. @param {string} line @param {Interaction|null} i */
function inline(line, i) {
  /** @type {import('./dom.js').Kid[]} */
  const out = [];
  const pattern = /\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|\{([^{}\n]{1,60})\}/g;
  let at = 0;
  for (let m = pattern.exec(line); m; m = pattern.exec(line)) {
    if (m.index > at) out.push(line.slice(at, m.index));
    at = m.index + m[0].length;
    if (m[1] !== undefined) out.push(h('strong', null, ...inline(m[1], i)));
    else if (m[2] !== undefined) out.push(h('em', null, ...inline(m[2], i)));
    else {
      const v = placeholder(i, m[3]);
      out.push(v ? h('mark', { class: 'filled' }, v) : h('span', { class: 'open-place' }, m[3]));
    }
  }
  if (at < line.length) out.push(line.slice(at));
  return out;
}

/**
 * Headings, lists, paragraphs. The first line can take the focus.
 * @param {string} source
 * @param {Interaction|null} i
 * @param {string} [firstID]
 */
export function prose(source, i, firstID) {
  /** @type {import('./dom.js').VNode[]} */
  const blocks = [];
  let list = /** @type {{tag: string, items: import('./dom.js').VNode[], start: number}|null} */ (null);
  /** @type {string[]} */
  let lines = [];
  let first = firstID;
  const mark = () => {
    const p = first ? { id: first, tabindex: '-1' } : {};
    first = undefined;
    return p;
  };
  const flush = () => {
    if (lines.length) blocks.push(h('p', mark(), ...inline(lines.join(' '), i)));
    lines = [];
    if (list) blocks.push(h(list.tag, list.start > 1 ? { start: String(list.start) } : null, list.items));
    list = null;
  };
  for (const raw of source.replace(/\r/g, '').split('\n')) {
    const line = raw.trim();
    const item = /^(?:(\d+)[.)]|[-*•])\s+(.*)$/.exec(line);
    const head = /^(#{1,4})\s+(.*)$/.exec(line);
    if (!line) {
      if (lines.length) flush();
    } else if (head) {
      flush();
      if (head[1].length > 1) blocks.push(h('h4', null, ...inline(head[2], i)));
    } else if (item) {
      const tag = item[1] ? 'ol' : 'ul';
      if (lines.length || (list && list.tag !== tag)) flush();
      list ||= { tag, items: [], start: Number(item[1] || 1) };
      list.items.push(h('li', { key: String(list.items.length), ...mark() }, ...inline(item[2], i)));
    } else if (list && /^\s/.test(raw)) {
      const last = list.items[list.items.length - 1];
      last.kids.push(' ', ...inline(line, i));
    } else {
      if (list) flush();
      lines.push(line);
    }
  }
  flush();
  return blocks;
}

/**
 * The time an agent means: "tomorrow 15", "mo 9:30", "in 2 h", "24.12. 10", "2026-12-24 10:00".
 * @param {string} typed
 * @param {Date} now
 * @returns {Date|null}
 */
export function readTime(typed, now) {
  const s = typed.trim().toLowerCase().replace(/\s+/g, ' ').replace(/\b(at|um|uhr|on|am)\b/g, ' ').replace(/\s+/g, ' ').trim();
  if (!s) return null;
  let m = /^in (\d+|an?|einer|einem) ?(min\w*|m|h|std?\w*|hours?|d|days?|tag\w*|w|weeks?|woche\w*)\.?$/.exec(s);
  if (m) {
    const n = Number(m[1]) || 1;
    const unit = m[2][0] === 'm' ? 60e3 : /^(h|s)/.test(m[2]) ? 3600e3 : /^(d|t)/.test(m[2]) ? 86400e3 : 7 * 86400e3;
    return later(new Date(now.getTime() + n * unit), now);
  }
  m = /^(.*?)\s*(\d{1,2})(?:[:.h](\d{2}))? ?(am|pm)?$/.exec(s);
  if (!m) return null;
  let hour = Number(m[2]);
  if (m[4] === 'pm' && hour < 12) hour += 12;
  const minute = Number(m[3] || 0);
  if (hour > 23 || minute > 59) return null;
  const d = new Date(now);
  d.setHours(hour, minute, 0, 0);
  const day = m[1].trim().replace(/,$/, '');
  if (day === '') {
    if (d <= now) d.setDate(d.getDate() + 1);
    return later(d, now);
  }
  if (/^(today|heute)$/.test(day)) return later(d, now);
  if (/^(tomorrow|tmrw|morgen)$/.test(day)) return plusDays(d, 1);
  if (/^(übermorgen|day after tomorrow)$/.test(day)) return plusDays(d, 2);
  const week = ['so|su', 'mo', 'di|tu', 'mi|we', 'do|th', 'fr', 'sa'].findIndex(w => new RegExp(`^(next |nächsten? )?(${w})`).test(day));
  if (week >= 0) return plusDays(d, (week - now.getDay() + 7) % 7 || (d > now ? 0 : 7));
  let y = /^(\d{4})-(\d{1,2})-(\d{1,2})t?$/.exec(day);
  if (y) return exact(d, Number(y[1]), Number(y[2]), Number(y[3]), now);
  y = /^(\d{1,2})\.\s?(\d{1,2})\.?\s?(\d{4})?$/.exec(day);
  if (y) {
    const year = Number(y[3]) || now.getFullYear();
    return exact(d, year, Number(y[2]), Number(y[1]), now) || (y[3] ? null : exact(d, year + 1, Number(y[2]), Number(y[1]), now));
  }
  return null;
}

/** @param {Date} d @param {number} n */
function plusDays(d, n) {
  d.setDate(d.getDate() + n);
  return d;
}

/** @param {Date} d @param {Date} now */
function later(d, now) {
  return d > now ? d : null;
}

/** @param {Date} d @param {number} year @param {number} month @param {number} day @param {Date} now */
function exact(d, year, month, day, now) {
  const e = new Date(year, month - 1, day, d.getHours(), d.getMinutes());
  return e.getMonth() === month - 1 && e.getDate() === day ? later(e, now) : null;
}

/**
 * A name whose letters run from right to left, shut off from what stands
 * beside it, so that no number changes its place (Unicode TR #9, FSI and PDI).
 * @param {string|undefined} name
 */
export function isolated(name) {
  return /\p{Script=Hebrew}|\p{Script=Arabic}|[\u202A-\u202E]/u.test(name || '') ? `\u2068${(name || '').replace(/[\u202A-\u202E\u2066-\u2069]/g, '')}\u2069` : name || '';
}
