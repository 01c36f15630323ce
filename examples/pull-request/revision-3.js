import { Agent } from "perdure";
import { observe, sameValue } from "./observe.js";

/** The section of facts that stand alone, such as the title. */
const ABOUT = "about";

/** The same agent with its state in another shape: a map of sections, each a map of facts. */
export class PullRequest extends Agent {
  static methods = { describe: { readOnly: true }, section: { readOnly: true } };

  sections = new Map();
  sent = { notifications: 0 };
  handedOverFrom = null;

  /** Revision 1 and 2 saved `{ facts, notifications }` by default; this class saves its own fields. */
  loadSnapshot(state, { revision }) {
    if (state.sections) {
      Object.assign(this, state);
      return;
    }
    for (const [name, value] of Object.entries(state.facts)) this._set(name, value);
    this.sent = { notifications: state.notifications };
    this.handedOverFrom = revision;
  }

  /** Takes one webhook delivery; tells the subscriber when it changed anything. */
  async deliver(event, payload, delivery) {
    const changed = [];
    for (const [name, value] of observe(event, payload)) {
      if (sameValue(this._get(name), value)) continue;
      this._set(name, value);
      changed.push(name);
    }
    if (changed.length > 0) await this._notify(event, delivery, changed);
    return { changed, notifications: this.sent.notifications };
  }

  /** The facts by name, in name order. */
  describe() {
    const facts = [];
    for (const [section, items] of this.sections) {
      for (const [item, value] of items) {
        facts.push([section === ABOUT ? item : `${section}/${item}`, value]);
      }
    }
    return Object.fromEntries(facts.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** One section, and the revision whose snapshot this agent started from. */
  section(name) {
    return {
      facts: Object.fromEntries(this.sections.get(name) ?? []),
      handedOverFrom: this.handedOverFrom,
    };
  }

  _get(name) {
    const [section, item] = place(name);
    return this.sections.get(section)?.get(item);
  }

  _set(name, value) {
    const [section, item] = place(name);
    const items = this.sections.get(section) ?? new Map();
    this.sections.set(section, items);
    if (value === null) items.delete(item);
    else items.set(item, value);
  }

  async _notify(event, delivery, changed) {
    this.sent.notifications += 1;
    console.log(`${event} changed ${changed.join(", ")}`);
    const response = await fetch(this.env.NOTIFY_URL, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        pullRequest: this.key,
        number: this.sent.notifications,
        at: Date.now(),
        event,
        delivery,
        changed,
      }),
    });
    if (!response.ok) throw new Error(`The subscriber answered ${response.status}.`);
  }
}

function place(name) {
  const slash = name.indexOf("/");
  return slash < 0 ? [ABOUT, name] : [name.slice(0, slash), name.slice(slash + 1)];
}
