import { Agent } from "perdure";
import { observe, sameValue } from "./observe.js";

/** One pull request: its facts in one flat object, and one notification per change of them. */
export class PullRequest extends Agent {
  static methods = { describe: { readOnly: true } };

  facts = {};
  notifications = 0;

  /** Takes one webhook delivery; tells the subscriber when it changed anything. */
  async deliver(event, payload, delivery) {
    const changed = [];
    for (const [name, value] of observe(event, payload)) {
      if (sameValue(this.facts[name], value)) continue;
      if (value === null) delete this.facts[name];
      else this.facts[name] = value;
      changed.push(name);
    }
    if (changed.length > 0) await this._notify(event, delivery, changed);
    return { changed, notifications: this.notifications };
  }

  /** The facts by name, in name order. */
  describe() {
    return Object.fromEntries(Object.entries(this.facts).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async _notify(event, delivery, changed) {
    this.notifications += 1;
    console.log(`${event} changed ${changed.join(", ")}`);
    const response = await fetch(this.env.NOTIFY_URL, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        pullRequest: this.key,
        number: this.notifications,
        at: Date.now(),
        event,
        delivery,
        changed,
      }),
    });
    if (!response.ok) throw new Error(`The subscriber answered ${response.status}.`);
  }
}
