/** How a campaign goes today: its figures in tiles, and the hours of the shift as bars. */
import { h } from './dom.js';
import { t, count, share, clockTime } from './i18n.js';

/** @typedef {{from: string, dialled: number, answered: number}} Hour */
/** @typedef {{dialled: number, answered: number, live_answers: number, abandoned: number, abandoned_of_live: number, max_abandoned: number, dialled_last_hour: number, hours: Hour[], list_lasts_ms?: number}} Today */

/** Figures as wide as those that come: they keep the place free and are not shown. @type {Today} */
const usual = { dialled: 1000, answered: 500, live_answers: 500, abandoned: 10, abandoned_of_live: 0.02, max_abandoned: 0.03, dialled_last_hour: 100, hours: [] };

/** @param {Today|undefined} known nothing has come yet: undefined @param {number} left @param {number} waiting */
export function shift(known, left, waiting) {
  const s = known || usual;
  /** @type {[string, string, string, boolean][]} name, figure, its target or more, over it */
  const tiles = [
    [t('dialled'), count(s.dialled), t('in the last hour', { n: s.dialled_last_hour }), false],
    [t('answered'), count(s.answered), s.dialled ? t('of all', { share: share(s.answered / s.dialled) }) : '', false],
    [t('abandoned calls'), share(s.abandoned_of_live), t('abandoned against', { n: count(s.abandoned), of: count(s.live_answers), most: share(s.max_abandoned) }), s.abandoned > 0 && s.abandoned_of_live > s.max_abandoned],
    [t('waiting tile'), count(waiting), '', false],
    [t('left'), count(left), s.list_lasts_ms ? t('list lasts', { time: about(s.list_lasts_ms) }) : t('list lasts unknown'), false],
  ];
  return [
    h('dl', { class: `tiles ${known ? '' : 'waits'}`, key: 'tiles' }, tiles.map(([name, value, more, over]) => h('div', { key: name, class: over ? 'over' : '' }, h('dt', null, name), h('dd', null, h('strong', { class: 'figures' }, value), more ? h('span', { class: 'quiet-text' }, more) : null)))),
    bars(s.hours),
  ];
}

/** @param {number} ms */
const about = ms => (ms < 3600e3 ? `${count(Math.ceil(ms / 60e3))} min` : `${count(ms / 3600e3, ms < 36e6 ? 1 : 0)} h`);

/** Dialled, and of that answered, by the hour. @param {Hour[]} hours */
function bars(hours) {
  if (hours.length < 2) return h('figure', { class: 'hours', key: 'none', 'aria-hidden': 'true' }); // its place
  const top = Math.max(1, ...hours.map(x => x.dialled));
  const said = hours.map(x => t('hour figures', { time: clockTime(x.from), dialled: x.dialled, answered: x.answered }));
  const high = (/** @type {number} */ n) => Math.round(n / top * 40);
  return h('figure', { class: 'hours', key: 'hours' },
    h('svg', { viewBox: `0 0 ${hours.length * 24} 42`, role: 'img', 'aria-label': `${t('by the hour')}: ${said.join('; ')}`, preserveAspectRatio: 'none' }, hours.flatMap((x, n) => [
      h('rect', { key: `d${n}`, class: 'bar-dialled', x: n * 24 + 3, y: 42 - high(x.dialled), width: 18, height: high(x.dialled) }, h('title', null, said[n])),
      h('rect', { key: `a${n}`, class: 'bar-answered', x: n * 24 + 3, y: 42 - high(x.answered), width: 18, height: high(x.answered) }),
    ])),
    h('figcaption', { class: 'quiet-text' }, h('span', null, clockTime(hours[0].from)), h('span', null, t('by the hour')), h('span', null, clockTime(hours[hours.length - 1].from))));
}
