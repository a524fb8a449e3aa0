// How loud it is: what is spoken, and what is heard.

export const FLOOR = -120; // dBFS of nothing at all

/** Measures the level of a stream. */
export class Meter {
  /**
   * @param {AudioContext} context
   * @param {MediaStream} stream
   */
  constructor(context, stream) {
    this.source = context.createMediaStreamSource(stream);
    this.analyser = context.createAnalyser();
    this.analyser.fftSize = 2048; // 43 ms at 48 kHz
    this.samples = new Float32Array(this.analyser.fftSize);
    this.source.connect(this.analyser);
  }

  /** In dBFS, where 0 is a sine that just reaches full scale. */
  level() {
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const s of this.samples) sum += s * s;
    const power = (2 * sum) / this.samples.length;
    return power > 0 ? Math.max(FLOOR, 10 * Math.log10(power)) : FLOOR;
  }

  close() {
    this.source.disconnect();
    this.analyser.disconnect();
  }
}
