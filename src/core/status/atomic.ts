/** Which atomic regions of the invocation in progress are open. */
import type { CurrentInvocation } from "./status.ts";

export function beginRegion(current: CurrentInvocation, begin: number): CurrentInvocation {
  return { ...current, regions: [...(current.regions ?? []), { begin, from: begin }] };
}

/**
 * A region that ends inside one that began later would lose its end when the later one goes back:
 * the later one takes it along.
 */
export function endRegion(current: CurrentInvocation, begin: number): CurrentInvocation {
  const { regions = [], ...rest } = current;
  const ended = regions.find((region) => region.begin === begin);
  if (ended === undefined) return current;
  const left = regions
    .filter((region) => region !== ended)
    .map(({ begin: later, from }) => ({
      begin: later,
      from: later > begin ? Math.min(from, ended.from) : from,
    }));
  return left.length === 0 ? rest : { ...rest, regions: left };
}
