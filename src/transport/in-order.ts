/** Takes messages in the order in which they came, though those that are streamed take their time. */
import { isStreamed, unpack, type Packed } from "./packing.ts";

type AllPacked<Args extends readonly unknown[]> = { [At in keyof Args]: Packed<Args[At]> };

export class InOrder {
  #last: Promise<unknown> | undefined;

  /** Unpacks a message and takes it, after all that came before was taken. */
  async take<Args extends readonly unknown[], Answer>(
    message: AllPacked<Args>,
    taking: (...args: Args) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#last === undefined && !message.some(isStreamed)) {
      return taking(...(message as unknown as Args));
    }
    const turn = this.#turn(this.#last, message, taking);
    this.#last = turn;
    const over = (): void => {
      if (this.#last === turn) this.#last = undefined;
    };
    turn.then(over, over);
    // In an object, so that waiting for the turn is not waiting for the answer.
    return (await turn).answer;
  }

  async #turn<Args extends readonly unknown[], Answer>(
    before: Promise<unknown> | undefined,
    message: AllPacked<Args>,
    taking: (...args: Args) => Promise<Answer>,
  ): Promise<{ readonly answer: Promise<Answer> }> {
    await before?.catch(() => {});
    const args = (await Promise.all(message.map(unpack))) as unknown as Args;
    return { answer: taking(...args) };
  }
}
