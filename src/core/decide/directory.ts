/** Where in the directory an agent is entered, and in which order agents are listed. */
import { nameOf } from "../api/agent-name.ts";
import type { AgentPlace } from "../api/directory.ts";
import type { AgentAddress } from "../api/views.ts";

/** The shard of an address. It never changes while the number of shards stays the same. */
export function shardOf(address: AgentAddress, shards: number): number {
  // FNV-1a over the UTF-16 units, then mixed, so that keys that differ in their last digit spread.
  let hash = 2_166_136_261;
  const name = nameOf(address);
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) % shards;
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** By code points, as SQLite compares UTF-8. */
function compareTexts(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [left.charCodeAt(at), right.charCodeAt(at)];
    if (a !== b) return rank(a) - rank(b);
  }
  return left.length - right.length;
}

/** The order of a component's agents, the same in every shard. */
export function comparePlaces(left: AgentPlace, right: AgentPlace): number {
  return compareTexts(left.type, right.type) || compareTexts(left.key, right.key);
}
