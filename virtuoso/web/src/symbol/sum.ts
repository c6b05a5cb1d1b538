/** `parts` with so many digits after the point such that they add up to `total` with so many digits: each is one of the two
 * nearest figures, rounded the other way where it was closest to the middle. */
export function addingUp(parts: readonly number[], total: number, digits: number): number[] {
  const unit = 10 ** digits;
  const floors = parts.map((part) => Math.floor(part * unit));
  const lacking = Math.round(total * unit) - floors.reduce((sum, floor) => sum + floor, 0);
  const byRest = parts.map((part, index) => ({ index, rest: part * unit - (floors[index] as number) }));
  byRest.sort((a, b) => b.rest - a.rest);
  const raised = new Set(byRest.slice(0, Math.max(0, lacking)).map(({ index }) => index));
  return floors.map((floor, index) => (floor + (raised.has(index) ? 1 : 0)) / unit);
}
