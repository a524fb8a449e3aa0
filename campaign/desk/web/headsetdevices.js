// Microphones and loudspeakers: what is plugged in, and which is the best.

/**
 * @typedef {object} Device
 * @property {string} id
 * @property {string} label
 */

/**
 * The best device by the order of labels; ids change from visit to visit.
 * @param {Device[]} list
 * @param {string[]} [labels]  an id will do too
 * @returns {Device|null}
 */
export function choose(list, labels = []) {
  for (const label of labels) {
    const found = list.find((d) => label !== '' && (d.label === label || d.id === label));
    if (found) return found;
  }
  return null;
}

/**
 * @param {Device[]} list
 * @param {string[]} labels
 */
export function known(list, labels) { return choose(list, labels) !== null; }
