/** Script and responses of a campaign, for the administrator: what agents read aloud. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { call } from './api.js';
import { state } from './state.js';
import { region, button, redraw, draft, setDraft, toast, explain } from './ui.js';
import { look, listOf, forget } from './data.js';

/** @typedef {{path: string, text: string}} Text */

/** @param {string} name of the campaign @param {() => void} changed its document may name a file more @param {boolean} script whether the document names one */
export function campaignTexts(name, changed, script) {
  const path = `/campaigns/${encodeURIComponent(name)}/files`;
  const k = look(path, 60_000);
  if (k.failed === 'none') return null;
  const all = /** @type {Text[]} */ ([...listOf(k.data)]);
  if (k.at && !script) all.unshift({ path: 'script.md', text: '' });
  const form = `texts ${name}`;
  const fresh = draft(form, 'new path');
  return region(t('script and responses'), { key: 'texts', aside: button({ name: t('New response'), icon: 'pen', expanded: fresh !== undefined, run: () => { setDraft(form, 'new path', fresh === undefined ? 'responses/' : undefined); redraw(); } }) },
    h('p', { class: 'quiet-text' }, t('texts hint')),
    fresh === undefined ? null : one(path, form, { path: fresh, text: '' }, true, changed),
    h('ul', { class: 'plain' }, all.map(x => h('li', { key: x.path }, h('details', { open: draft(form, x.path) !== undefined || undefined },
      h('summary', null, h('span', { class: 'line-main' }, x.path)), one(path, form, x, false, changed))))));
}

/** @param {string} to @param {string} form @param {Text} x @param {boolean} fresh @param {() => void} saved */
function one(to, form, x, fresh, saved) {
  const field = fresh ? 'new text' : x.path;
  const text = draft(form, field) ?? x.text;
  const differs = text !== x.text;
  return h('form', { class: 'stack', key: fresh ? 'fresh' : 'one', onsubmit: async (/** @type {Event} */ e) => {
    e.preventDefault();
    try {
      await call('PUT', to, { path: x.path.trim(), text });
      toast('good', t('text saved', { path: x.path }));
      for (const f of [field, ...(fresh ? ['new path'] : [])]) setDraft(form, f, undefined);
      saved();
      forget('/campaigns/'); // texts and responses as agents have them
    } catch (error) {
      toast('bad', explain(error));
    }
    redraw();
  } },
    fresh ? h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('text path')),
      h('input', { type: 'text', autocomplete: 'off', required: true, maxlength: 200, placeholder: 'responses/….md', value: x.path, oninput: (/** @type {any} */ e) => { setDraft(form, 'new path', e.target.value); redraw(); } })) : null,
    h('label', { class: 'field' }, h('span', { class: 'field-name' }, fresh ? t('text body') : `${t('text body')}: ${x.path}`),
      h('textarea', { rows: 10, maxlength: 60000, readonly: state.viewer, value: text, oninput: (/** @type {any} */ e) => { setDraft(form, field, e.target.value === x.text ? undefined : e.target.value); redraw(); } })),
    differs ? h('div', { class: 'row' }, h('button', { type: 'submit', class: 'button primary', disabled: state.viewer }, t('Save')),
      button({ name: t('Cancel'), kind: 'quiet', run: () => { setDraft(form, field, undefined); if (fresh) setDraft(form, 'new path', undefined); redraw(); } })) : null);
}
