/** The sound menu: devices, volumes, and whether all of it works. */
import { h } from './dom.js';
import { t } from './i18n.js';
import { state, ownHeadset } from './state.js';
import { button, checkbox, prefs, setPref } from './ui.js';
import { dialog } from './dialog.js';
import { sound, listed, wornWords } from './sound.js';
import { levelBar, deviceSelect, slider } from './soundparts.js';
import { openCheck } from './devicecheck.js';
import { testCallPanel } from './testcall.js';

export function soundDialog() {
  const link = sound.link();
  const own = ownHeadset();
  return dialog(t('Sound'), 'sound',
    h('p', { role: 'status', class: sound.problem() ? 'warn-text' : 'quiet-text' }, sound.problemText() || `${t('link headset')}: ${t(`link ${link}`)}`),
    own || !state.me ? null : h('p', { key: 'worn' }, wornWords()),
    link === 'off' && state.me ? h('div', { class: 'row' }, button({ name: t('headset start'), kind: 'primary', run: () => { sound.wake(); } })) : null,
    own ? h('label', { class: 'field', key: 'microphone' }, h('span', { class: 'field-name' }, t('check microphone')), deviceSelect('microphones')) : null,
    own ? levelBar() : null,
    own ? h('label', { class: 'field', key: 'speaker' }, h('span', { class: 'field-name' }, t('check speaker')), deviceSelect('speakers')) : null,
    h('label', { class: 'field' }, h('span', { class: 'field-name' }, t('check ring')), deviceSelect('ring')),
    own ? preferred('microphones', t('preferred microphones')) : null, own ? preferred('speakers', t('preferred speakers')) : null,
    own ? slider(t('speech volume'), prefs.speechVolume, v => { setPref('speechVolume', v); sound.volume(v); }) : null,
    own ? checkbox({ name: t('echo cancellation'), checked: prefs.echo, anyTab: true, change: v => { sound.echo(v); } }) : null,
    own ? h('p', { class: 'quiet-text', key: 'echo' }, t('echo hint')) : null,
    slider(t('ring volume'), prefs.ringVolume, v => setPref('ringVolume', v)),
    checkbox({ name: t('zip volume'), checked: prefs.zip, anyTab: true, change: v => setPref('zip', v) }),
    slider(t('zip loudness'), prefs.zipVolume, v => { setPref('zipVolume', v); sound.zip(); }),
    own ? h('div', { class: 'row' }, button({ name: t('Device check'), icon: 'mic', anyTab: true, run: () => openCheck() })) : null,
    state.me ? testCallPanel() : null);
}

/** The order in which devices are chosen when several are there. @param {'microphones'|'speakers'} kind @param {string} name */
function preferred(kind, name) {
  const all = listed(kind);
  if (all.length < 2) return null;
  const there = sound.devices()[kind].map(d => d.label);
  /** @param {string[]} order */
  const put = order => {
    const first = order.find(l => there.includes(l));
    setPref(kind, order);
    if (first && first !== sound.devices()[kind === 'microphones' ? 'microphone' : 'speaker']) sound.use(kind, first);
    setPref(kind, order);
  };
  return h('div', { key: kind, class: 'preferred' }, h('h3', null, name), h('ol', { class: 'lines', 'aria-label': name }, all.map((l, n) => h('li', { key: l },
    h('span', { class: 'line-main' }, l), there.includes(l) ? null : h('span', { class: 'quiet-text' }, t('not there')),
    n > 0 ? button({ name: t('prefer', { name: l }), label: t('up'), kind: 'quiet', anyTab: true, run: () => put([...all.slice(0, n - 1), l, all[n - 1], ...all.slice(n + 1)]) }) : null,
    button({ name: t('forget', { name: l }), icon: 'remove', iconOnly: true, kind: 'quiet', anyTab: true, run: () => setPref(kind, all.filter(x => x !== l)) })))));
}
