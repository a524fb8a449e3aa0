/** Campaigns, for the administrator: a form and the YAML document under it, which are the same thing. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { call, get } from './api.js';
import { state } from './state.js';
import { region, button, select, redraw, draft, setDraft, toast, explain, focusIn } from './ui.js';
import { runWord } from './side.js';
import { yamlOf, wordOf, namesOf, withYAML, withWord, withNames } from './document.js';
import { forget } from './data.js';
import { campaignTexts } from './campaigntexts.js';

const form = 'campaign-document';
const fresh = 'name: \nmode: progressive\nlists: []\nagents: all\ncountry: DE\nresults: [answer, wrong-party, {answering-machine: quick}, {wrong-number: quick}]\n';

/** What the server said of the document: worded when it is shown, in the language of then. @type {() => string} */
let problem = () => '';
let saving = false;

const shut = () => {
  for (const f of ['text', 'was', 'of', 'reason']) setDraft(form, f, undefined);
  typed.clear();
  problem = () => '';
  redraw();
};

/** @param {string} name */
async function edit(name) {
  try {
    begin(name ? await get(`/campaigns/${encodeURIComponent(name)}`) : fresh, name);
  } catch (e) {
    toast('bad', explain(e));
  }
}

/** @param {string} text @param {string} name */
function begin(text, name) {
  shut();
  setDraft(form, 'text', text);
  setDraft(form, 'was', name ? text : '');
  setDraft(form, 'of', name);
  focusIn('campaign-form');
  requestAnimationFrame(() => document.getElementById('campaign-form')?.scrollIntoView({ block: 'nearest' }));
}

/** The document as it is now, where nothing is typed that it is not. */
async function refresh() {
  const of = draft(form, 'of');
  if (!of || draft(form, 'text') !== draft(form, 'was')) return;
  const text = await get(`/campaigns/${encodeURIComponent(of)}`).catch(() => '');
  if (!text || draft(form, 'text') !== draft(form, 'was')) return;
  setDraft(form, 'text', text);
  setDraft(form, 'was', text);
  redraw();
}

/** Saves it, unless somebody else has changed it meanwhile. */
async function save() {
  const text = draft(form, 'text') || '';
  const of = draft(form, 'of') || '';
  saving = true;
  problem = () => '';
  redraw();
  try {
    if (of && await get(`/campaigns/${encodeURIComponent(of)}`) !== draft(form, 'was')) {
      problem = () => t('campaign changed meanwhile');
      return;
    }
    const c = await call('PUT', `/campaigns?why=${encodeURIComponent(draft(form, 'reason')?.trim() || '')}`, text);
    toast('good', t('campaign saved', { name: c.name }));
    forget('/campaigns/');
    setDraft(form, 'was', text);
    setDraft(form, 'of', c.name);
  } catch (e) {
    problem = () => explain(e);
  } finally {
    saving = false;
    redraw();
  }
}

export function campaigns() {
  const all = [...state.campaigns.values()].sort((a, b) => a.name.localeCompare(b.name));
  const text = draft(form, 'text');
  return h('div', { key: 'campaigns', class: 'page office' },
    region(t('Campaigns'), { key: 'all', aside: button({ name: t('New campaign'), icon: 'campaign', run: () => edit('') }) },
      all.length ? h('ul', { class: 'plain' }, all.map(c => h('li', { key: c.name, class: 'row' },
        h('strong', { class: 'grow' }, c.name), h('span', { class: 'tag' }, t(`mode ${c.mode}`)), h('span', { class: `run ${runWord(c)}` }, t(`run ${runWord(c)}`)),
        button({ name: t('edit campaign', { name: c.name }), label: t('edit'), icon: 'pen', kind: 'quiet', run: () => edit(c.name) }))))
        : h('p', { class: 'quiet-text' }, t('no campaigns floor'))),
    text === undefined ? null : editor(text),
    text !== undefined && draft(form, 'of') ? campaignTexts(draft(form, 'of') || '', refresh, Boolean(wordOf(draft(form, 'was') || '', 'script'))) : null);
}

/** What was typed last into a field: kept as typed while it says the same as the document. @type {Map<string, string>} */
const typed = new Map();

/** @param {string} text */
function put(text) {
  setDraft(form, 'text', text);
  problem = () => '';
  redraw();
}

/** @typedef {(text: string, key: string, value: string) => string} Into */

/** @param {string} text @param {string} key @param {(text: string, key: string) => string} from @param {Into} into */
function shown(text, key, from, into) {
  const own = typed.get(key);
  return own !== undefined && into(text, key, own) === text ? own : from(text, key);
}

/** @param {string} text @param {string} key @param {(text: string, key: string) => string} from @param {Into} into @param {{rows?: number, hint?: string}} [more] */
function field(text, key, from, into, more = {}) {
  return h('label', { class: 'field', key }, h('span', { class: 'field-name' }, t(`document ${key}`)),
    h(more.rows ? 'textarea' : 'input', { type: more.rows ? undefined : 'text', rows: more.rows, class: more.rows ? 'code' : undefined, spellcheck: 'false', autocomplete: 'off', placeholder: more.hint, readonly: state.viewer,
      value: shown(text, key, from, into), oninput: (/** @type {any} */ e) => { typed.set(key, e.target.value); put(into(text, key, e.target.value)); } }));
}

/** Records that are fetched are not accepted: that key goes with the mode. @param {string} text @param {string} mode */
function withMode(text, mode) {
  return withWord(mode === 'preview' ? withYAML(text, 'accept', '') : text, 'mode', mode);
}

/** @param {string} text @param {string} key @param {[string, string][]} options @param {(v: string) => string} [into] */
function choice(text, key, options, into = v => withWord(text, key, v)) {
  const value = wordOf(text, key);
  return h('div', { key }, select({ name: t(`document ${key}`), value, options: options.some(o => o[0] === value) ? options : [[value, value || '–'], ...options], change: v => put(into(v)) }));
}

/** @param {string} text */
function editor(text) {
  const of = draft(form, 'of') || '';
  const word = (/** @type {string} */ key, hint = '') => field(text, key, wordOf, withWord, { hint });
  const block = (/** @type {string} */ key) => field(text, key, yamlOf, withYAML, { rows: Math.min(8, Math.max(2, yamlOf(text, key).split('\n').length)) });
  return region(of ? t('edit campaign', { name: of }) : t('New campaign'), { key: 'editor' },
    h('form', { class: 'stack', id: 'campaign-form', onsubmit: (/** @type {Event} */ e) => { e.preventDefault(); save(); } },
      h('p', { class: 'quiet-text' }, t('document hint')),
      h('div', { class: 'document-fields' },
        word('name'), word('description'), word('client'),
        choice(text, 'purpose', ['advertising-b2c', 'advertising-b2b', 'service', 'research', 'collection'].map(p => [p, t(`purpose ${p}`)])),
        choice(text, 'mode', ['preview', 'push-preview', 'progressive', 'predictive'].map(m => [m, t(`mode ${m}`)]), v => withMode(text, v)),
        wordOf(text, 'mode') === 'preview' ? null : choice(text, 'accept', ['click', 'auto'].map(a => [a, t(`accept ${a}`)])),
        word('priority'), field(text, 'lists', namesOf, withNames), word('greeting'),
        field(text, 'agents', namesOf, (x, key, v) => (v.includes(',') ? withNames(x, key, v) : withYAML(x, key, v)), { hint: 'all' }),
        word('country', 'DE'), word('caller_id', '+4930901820'), word('ring_timeout', '30s'), word('after_call_work', '60s'), field(text, 'after_call_more', yamlOf, withYAML, { hint: '{by: 30s, times: 10}' }), word('script', 'script.md'), word('responses', 'responses'), word('link', 'https://')),
      block('results'), block('dispositions'), block('treatments'), block('fields'), block('hours'),
      h('label', { class: 'field', key: 'yaml' }, h('span', { class: 'field-name' }, t('document yaml')),
        h('textarea', { class: 'code', rows: 18, spellcheck: 'false', maxlength: 1000000, value: text, readonly: state.viewer, oninput: (/** @type {any} */ e) => put(e.target.value) })),
      h('label', { class: 'field', key: 'why' }, h('span', { class: 'field-name' }, `${t('Reason')} – ${t('for the log')}`),
        h('input', { type: 'text', maxlength: 200, value: draft(form, 'reason') || '', oninput: (/** @type {any} */ e) => setDraft(form, 'reason', e.target.value) })),
      h('p', { class: 'error-text', role: 'alert', key: 'problem' }, problem()),
      h('div', { class: 'row' },
        h('button', { type: 'submit', class: 'button primary', disabled: saving || state.viewer || text === draft(form, 'was') }, t('Save')),
        button({ name: t('Close'), kind: 'quiet', run: shut }))));
}
