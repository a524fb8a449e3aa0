// How good the way of the sound is, by the browser's own figures.

/**
 * @typedef {object} Quality  of the last seconds; null: not known yet
 * @property {number|null} rttMS
 * @property {number|null} jitterMS     of what comes
 * @property {number|null} lossPercent  of what comes
 * @property {number|null} bufferMS     waiting in the browser's jitter buffer
 * @property {number|null} sentLossPercent  of what goes, as the server reports
 * @property {string|null} transport    'udp'
 * @property {string|null} candidate    our side of the path: host, srflx, prflx, relay
 * @property {number} silentMS          since anything came from the server
 */

const COUNT_MS = 2000; // loss is of so long

/** The figures of one connection after the other, look by look. */
export class PathFigures {
  /** @type {{received: number, lost: number}|null} */ #counted = null;
  #countedAt = 0;
  #cameAt = 0;
  #came = -1;

  /** A connection is there. */
  begin() { this.#cameAt = performance.now(); }

  /** It is gone: the next one counts from nothing. */
  reset() {
    this.#counted = null;
    this.#came = -1;
  }

  /** How long ago the server last gave a sign of life; 0: it never did. */
  get silentMS() { return this.#cameAt ? performance.now() - this.#cameAt : 0; }

  /**
   * @param {RTCPeerConnection} pc
   * @param {() => boolean} still whether it is the present one when the figures have come
   * @returns {Promise<Quality|null>}
   */
  async read(pc, still) {
    const q = unknownQuality();
    let came = 0;
    const all = await pc.getStats();
    if (!still()) return null;
    /** @type {Map<string, any>} */
    const pairs = new Map(/** @type {any} */ (all));
    for (const s of all.values()) {
      if (s.type === 'inbound-rtp') this.#received(q, s);
      else if (s.type === 'remote-inbound-rtp') {
        if (typeof s.fractionLost === 'number') q.sentLossPercent = 100 * s.fractionLost;
        q.rttMS ??= s.roundTripTime === undefined ? null : ms(s.roundTripTime);
      } else if (s.type === 'candidate-pair' && s.nominated) {
        if (s.currentRoundTripTime !== undefined) q.rttMS = ms(s.currentRoundTripTime);
        came += s.bytesReceived + (s.responsesReceived ?? 0);
        q.candidate = pairs.get(s.localCandidateId)?.candidateType ?? null;
      } else if (s.type === 'local-candidate') {
        q.transport ??= s.protocol ?? null;
      }
    }
    if (came !== this.#came) {
      this.#came = came;
      this.#cameAt = performance.now();
    }
    q.silentMS = this.silentMS;
    return q;
  }

  /** @param {Quality} q @param {any} s */
  #received(q, s) {
    q.jitterMS = ms(s.jitter);
    const received = s.packetsReceived ?? 0;
    const lost = Math.max(0, s.packetsLost ?? 0);
    const since = this.#counted ?? { received: 0, lost: 0 };
    const n = received - since.received + lost - since.lost;
    if (n > 0) q.lossPercent = Math.max(0, (100 * (lost - since.lost)) / n);
    if (!this.#counted || performance.now() - this.#countedAt >= COUNT_MS) {
      this.#counted = { received, lost };
      this.#countedAt = performance.now();
    }
    if (s.jitterBufferEmittedCount > 0) q.bufferMS = ms(s.jitterBufferDelay / s.jitterBufferEmittedCount);
  }
}

/** @returns {Quality} */
export function unknownQuality() {
  return {
    rttMS: null, jitterMS: null, lossPercent: null, bufferMS: null,
    sentLossPercent: null, transport: null, candidate: null, silentMS: 0,
  };
}

/** @param {number|undefined} seconds */
function ms(seconds) { return seconds === undefined || Number.isNaN(seconds) ? null : Math.round(1e4 * seconds) / 10; }
