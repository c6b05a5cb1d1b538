import { AreaSeries, ColorType, type MouseEventParams, createOptionsChart } from "lightweight-charts";
import type { Colour } from "./picture.js";

/** The value of all orders up to each of equal steps from the middle of the best prices. */
export interface DepthPicture {
  readonly bids: readonly number[];
  readonly asks: readonly number[];
}

export interface DepthChart {
  /** Draw both sides in the colours of the current theme. */
  readonly draw: (picture: DepthPicture) => void;
  readonly remove: () => void;
}

/** Create a chart of an order book with the bids on the left and the asks on the right. It fills `host`. `onCursor` gets the
 * step under the cursor: below 0 for bids, undefined without a cursor. */
export function depthChart(host: HTMLElement, onCursor: (step: number | undefined) => void): DepthChart {
  const chart = createOptionsChart(host, {
    autoSize: true,
    layout: { attributionLogo: false },
    grid: { vertLines: { visible: false }, horzLines: { visible: false } },
    crosshair: { horzLine: { visible: false } },
    // the page says prices and values in its own language
    rightPriceScale: { visible: false, scaleMargins: { top: 0.1, bottom: 0 } },
    timeScale: { visible: false },
    handleScroll: false,
    handleScale: false,
  });
  chart.subscribeCrosshairMove(({ time }: MouseEventParams<number>) => onCursor(time));
  const add = () =>
    chart.addSeries(AreaSeries, {
      ...{ lineWidth: 1, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false },
    });
  const sides = { bids: add(), asks: add() };
  const draw = ({ bids, asks }: DepthPicture) => {
    const style = getComputedStyle(host);
    const colour = (name: Colour) => style.getPropertyValue(name).trim();
    chart.applyOptions({ layout: { background: { type: ColorType.Solid, color: colour("--surface") } } });
    const fill = (side: keyof typeof sides, name: Colour, points: readonly { time: number; value: number }[]) => {
      const line = colour(name);
      sides[side].applyOptions({ lineColor: line, topColor: `${line}60`, bottomColor: `${line}20` });
      sides[side].setData([...points]);
    };
    const middle = { time: 0, value: 0 };
    const steps = (values: readonly number[], sign: number) =>
      values.map((value, index) => ({ time: sign * (index + 1), value }));
    fill("bids", "--up", [...steps(bids, -1).reverse(), middle]);
    fill("asks", "--down", [middle, ...steps(asks, 1)]);
    chart.timeScale().fitContent();
  };
  return { draw, remove: () => chart.remove() };
}
