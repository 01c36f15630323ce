/** Closed intervals of oplog indices, kept sorted, disjoint and not adjacent. */
export type Region = readonly [from: number, to: number];
export type Regions = readonly Region[];

/** The union of `regions` and one more region. */
export function addRegion(regions: Regions, added: Region): Regions {
  let [from, to] = added;
  if (from > to) return regions;
  const before: Region[] = [];
  const after: Region[] = [];
  for (const region of regions) {
    if (region[1] + 1 < from) before.push(region);
    else if (region[0] > to + 1) after.push(region);
    else {
      from = Math.min(from, region[0]);
      to = Math.max(to, region[1]);
    }
  }
  return [...before, [from, to], ...after];
}

/** Whether `index` lies in one of the regions; logarithmic, for it is asked of every entry. */
export function inRegions(regions: Regions, index: number): boolean {
  let low = 0;
  let high = regions.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const region = regions[middle] as Region;
    if (index < region[0]) high = middle - 1;
    else if (index > region[1]) low = middle + 1;
    else return true;
  }
  return false;
}
