/** `parts` with so many digits after the point such that they add up to `total` with so many digits: each is one of the two
 * nearest figures, rounded the other way where it was closest to the middle. */
export function addingUp(parts: readonly number[], total: number, digits: number): number[] {
  const unit = 10 ** digits;
  const units = parts.map((part, index) => {
    const floor = Math.floor(part * unit);
    return { index, floor, rest: part * unit - floor };
  });
  const lacking = Math.round(total * unit) - units.reduce((sum, { floor }) => sum + floor, 0);
  const byRest = [...units].sort((a, b) => b.rest - a.rest);
  const raised = new Set(byRest.slice(0, Math.max(0, lacking)).map(({ index }) => index));
  return units.map(({ index, floor }) => (floor + (raised.has(index) ? 1 : 0)) / unit);
}
