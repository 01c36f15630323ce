/** Whether an invocation is cancelled while it runs, and what its code hears of that. */
export class Cancellation {
  #state: "none" | "wanted" | "heard" = "none";
  #controller: AbortController | undefined;

  #aborting(): AbortController {
    this.#controller ??= new AbortController();
    return this.#controller;
  }

  /** Made when the code first asks for it: most never do. */
  get signal(): AbortSignal {
    return this.#aborting().signal;
  }

  /** Somebody wants it, and the code has not heard of it. */
  get isWanted(): boolean {
    return this.#state === "wanted";
  }

  /** The code has heard of it: whatever it does, that is the outcome. */
  get isHeard(): boolean {
    return this.#state === "heard";
  }

  want(): void {
    if (this.#state === "none") this.#state = "wanted";
  }

  /** Lets the code hear of it, within the turn. */
  deliver(): void {
    this.#state = "heard";
    this.#aborting().abort(new DOMException("The invocation was cancelled.", "AbortError"));
  }
}
