/** Round `parts` to a number of decimals so that their sum is the rounded `total`. Each part is rounded down or up. Those with
 * the largest remainder are rounded up. */
export function roundedToSum(parts: readonly number[], total: number, digits: number): number[] {
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
