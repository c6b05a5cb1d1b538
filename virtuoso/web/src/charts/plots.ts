import {
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ITextWatermarkPluginApi,
  LineSeries,
  LineStyle,
  type SeriesType,
  type Time,
  type UTCTimestamp,
  createTextWatermark,
} from "lightweight-charts";
import { ABSENT } from "../format.js";
import { type Colour, type Pane, type Picture, type Plot, newest } from "./picture.js";

const PRICE_HEIGHT = 4; // heights of other panes
const FONT_SIZE = 11;
const LINE_STYLES = { line: LineStyle.Solid, dashed: LineStyle.Dashed, dotted: LineStyle.Dotted } as const;

interface Drawn {
  readonly pane: Pane;
  readonly series: readonly ISeriesApi<SeriesType>[];
  readonly legend: ITextWatermarkPluginApi<Time>;
}

/** The plots of a chart. Each pane has a legend with the values at the cursor, or the newest ones. */
export class Plots {
  readonly #chart: IChartApi;
  readonly #style: (name: Colour) => string;
  #drawn: readonly Drawn[] = [];
  #layout = "";
  #times: readonly number[] = [];

  constructor(chart: IChartApi, style: (name: Colour) => string) {
    this.#chart = chart;
    this.#style = style;
  }

  draw({ panes, times }: Picture): void {
    const layout = JSON.stringify(
      panes.map(({ plots, lines }) => [lines, plots.map(({ name, kind }) => [name, kind])]),
    );
    if (layout === this.#layout) {
      this.#drawn = this.#drawn.map((one, index) => ({ ...one, pane: panes[index] ?? one.pane }));
    } else {
      this.#remove();
      this.#drawn = panes.map((pane, index) => this.#add(pane, index));
      this.#layout = layout;
    }
    this.#times = times;
    for (const { pane, series } of this.#drawn) {
      for (const [index, plot] of pane.plots.entries()) {
        series[index]?.applyOptions({ color: this.#style(plot.colour) });
        series[index]?.setData(this.#data(plot));
      }
    }
    this.read(undefined);
  }

  /** Show the values of the bar at `time` in the legends. Without a time, show the newest values. */
  read(time: number | undefined): void {
    const at = time === undefined ? -1 : this.#times.indexOf(time);
    for (const { pane, legend } of this.#drawn) {
      const lines = pane.plots.map(({ name, values, show, colour }) => {
        const value = at < 0 ? newest(values) : values[at];
        const text = `${name}  ${value === undefined ? ABSENT : show(value)}`;
        return { text, color: this.#style(colour), fontSize: FONT_SIZE, fontFamily: this.#style("--font") };
      });
      legend.applyOptions({ lines });
    }
  }

  #remove(): void {
    for (const { series, legend } of [...this.#drawn].reverse()) {
      legend.detach();
      for (const one of series) this.#chart.removeSeries(one); // a pane without series is removed
    }
  }

  #add(pane: Pane, index: number): Drawn {
    const series = pane.plots.map((plot) => {
      const histogram = plot.kind === "histogram" || plot.kind === "signed";
      const { range } = pane;
      const added = this.#chart.addSeries<SeriesType>(
        histogram ? HistogramSeries : LineSeries,
        {
          priceLineVisible: false,
          lastValueVisible: false,
          crosshairMarkerVisible: false,
          lineWidth: 1,
          lineStyle: LINE_STYLES[plot.kind === "dashed" || plot.kind === "dotted" ? plot.kind : "line"],
          priceFormat: { type: "custom", formatter: plot.show, minMove: 1e-9 },
          ...(range && {
            autoscaleInfoProvider: () => ({ priceRange: { minValue: range[0], maxValue: range[1] } }),
          }),
        },
        index,
      );
      return added;
    });
    for (const price of pane.lines ?? []) {
      const color = this.#style("--faint");
      series[0]?.createPriceLine({ price, color, lineWidth: 1, lineStyle: LineStyle.Dotted, axisLabelVisible: false });
    }
    const place = this.#chart.panes()[index];
    if (!place) throw new Error(`the chart has no pane ${index}`);
    place.setStretchFactor(index ? 1 : PRICE_HEIGHT);
    return { pane, series, legend: createTextWatermark(place, { horzAlign: "left", vertAlign: "top", lines: [] }) };
  }

  #data({ values, kind, colour }: Plot): { time: UTCTimestamp; value?: number; color?: string }[] {
    return this.#times.map((at, index) => {
      const time = at as UTCTimestamp;
      const value = values[index];
      if (value === undefined) return { time };
      if (kind === "signed") return { time, value, color: `${this.#style(value < 0 ? "--down" : "--up")}b0` };
      if (kind === "histogram") return { time, value, color: `${this.#style(colour)}80` };
      // the library connects the values around a gap
      return values[index + 1] === undefined ? { time, value, color: "transparent" } : { time, value };
    });
  }
}
