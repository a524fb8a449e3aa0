/** The page before the login. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { ui, redraw, explain } from './ui.js';
import { post, Problem } from './api.js';
import { languageSelect } from './statebar.js';

let busy = false;

/** @param {(session: any) => void} done @param {(l: string) => void} language */
export function loginPage(done, language) {
  return h('main', { class: 'login', key: 'login' },
    h('div', { class: 'login-box' },
      h('div', { class: 'login-head' }, h('img', { src: '/assets/icon.svg', alt: '', width: 44, height: 44 }), h('div', null, h('h1', null, 'Freiton'), h('p', { class: 'quiet-text' }, t('login sub')))),
      h('form', { class: 'stack', 'aria-label': t('login welcome'), onsubmit: async (/** @type {any} */ e) => {
        e.preventDefault();
        if (busy) return;
        const data = new FormData(e.currentTarget);
        busy = true;
        ui.error = '';
        redraw();
        try {
          done(await post('/session', { name: String(data.get('name') || '').trim(), password: data.get('password') }));
        } catch (x) {
          ui.error = x instanceof Problem && x.status === 401 ? t('error wrong') : explain(x);
          document.getElementById('password')?.focus();
        } finally {
          busy = false;
          redraw();
        }
      } },
      h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('User name')), h('input', { name: 'name', autocomplete: 'username', required: true, autofocus: true, autocapitalize: 'none', spellcheck: 'false' })),
      h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('Password')), h('input', { id: 'password', name: 'password', type: 'password', autocomplete: 'current-password', required: true, 'aria-describedby': 'login-error' })),
      h('p', { id: 'login-error', class: 'error-text', role: 'alert' }, ui.error),
      h('button', { type: 'submit', class: 'button primary tall', 'aria-busy': busy ? 'true' : undefined }, t('Log in'))),
      window.isSecureContext ? null : h('p', { class: 'warn-text' }, t('mic insecure')),
      h('div', { class: 'login-foot' }, languageSelect(language))));
}
