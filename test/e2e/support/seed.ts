/** The seed of this run's random choices: `PERDURE_SEED`, or a new one each time. */
export const seed = process.env["PERDURE_SEED"] ?? `${Date.now()}`;

/** Random numbers in [0, 1) that the seed and `purpose` decide. */
export function seededRandom(purpose: string): () => number {
  let state = 2_166_136_261;
  for (const unit of `${seed}/${purpose}`) {
    state = Math.imul(state ^ (unit.codePointAt(0) ?? 0), 16_777_619);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
