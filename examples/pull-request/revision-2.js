import { PullRequest as FirstPullRequest } from "./revision-1.js";

/** Adds `blockers`; otherwise it does what revision 1 does, so history can be replayed on it. */
export class PullRequest extends FirstPullRequest {
  static methods = { ...FirstPullRequest.methods, blockers: { readOnly: true } };

  /** What stands between this pull request and a merge, in name order. */
  blockers() {
    return Object.entries(this.facts)
      .filter(([name, value]) => blocks(name, value))
      .map(([name, value]) => `${name}: ${value}`)
      .sort();
  }
}

function blocks(name, value) {
  if (name === "state") return value !== "open";
  if (name === "draft" || name === "locked") return value;
  if (name.startsWith("reviews/")) return value === "changes_requested";
  return /^(checks|suites|workflows)\//.test(name) && value !== "success";
}
