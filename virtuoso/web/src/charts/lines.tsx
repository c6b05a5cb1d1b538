import { useEffect, useRef, useState } from "preact/hooks";
import { ABSENT, coordinate, dateTime } from "../format.js";
import { t } from "../texts/index.js";
import { type Range, extent, roundTicks, scale, timeTicks } from "./scale.js";
import "../styles/lines.css";

/** A value at a time of the exchange's clock, epoch milliseconds. Undefined where it was not measured. */
interface Point {
  readonly at: number;
  readonly value: number | undefined;
}

interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** The first line is in the foreground. The second has its axis on the right. */
  readonly role: "first" | "second";
  readonly show: (value: number) => string;
  /** The range of its axis. By default, the axis fits the values. */
  readonly range?: Range;
}

interface Props {
  readonly label: string;
  /** The cursor moves along the points of the first line. */
  readonly lines: readonly [Line, ...Line[]];
  /** The range of times. */
  readonly span: Range;
  /** The maximum distance of connected points. Nothing was measured between points that are farther apart. */
  readonly gapMs: number;
  /** The labelled values of the first line. By default, round values are labelled. */
  readonly marks?: readonly number[];
}

const HEIGHT = 208;
const TOP = 8;
const FOOT = 20;
const LEFT = 30;
const RIGHT = 62;

/** A chart of lines over time. A finger, a mouse or the arrow keys move its cursor. */
export function LineChart({ label, lines, span, gapMs, marks }: Props) {
  const [boxRef, width] = useWidth();
  const [cursor, setCursor] = useState<number | undefined>();
  const [first, second] = lines;
  const right = width - (second ? RIGHT : 8);
  const x = scale(span, [LEFT, right]);
  const plotted = lines.map((line) => ({ line, y: scale(rangeOf(line), [HEIGHT - FOOT, TOP]) }));
  const shown = first.points.filter(({ value }) => value !== undefined);
  const index = cursor === undefined ? shown.length - 1 : nearest(shown, cursor);
  const at = shown[index]?.at;
  const read = lines.map((line) => ({ line, text: at === undefined ? ABSENT : valueAt(line, at, gapMs) }));
  const point = (event: PointerEvent) => {
    const { left } = (event.currentTarget as SVGElement).getBoundingClientRect();
    setCursor(scale([LEFT, right], span)(event.clientX - left));
  };
  const step = (event: KeyboardEvent) => {
    const to = stepOf(event.key, index, shown.length);
    if (to === undefined) return;
    event.preventDefault();
    setCursor(shown[Math.max(0, Math.min(shown.length - 1, to))]?.at);
  };
  return (
    <figure class="lines" ref={boxRef}>
      <Reading at={at} read={read} />
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          role="slider"
          tabIndex={0}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, shown.length - 1)}
          aria-valuenow={Math.max(0, index)}
          aria-valuetext={at === undefined ? t().notMeasured : textOf(at, read)}
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setCursor(undefined)}
          onBlur={() => setCursor(undefined)}
          onKeyDown={step}
        >
          <Grid span={span} x={x} right={right} marks={marks} {...(plotted[0] as Plotted)} />
          {plotted[1] && <RightAxis x={right} {...plotted[1]} />}
          {[...plotted].reverse().map(({ line, y }) => (
            <path key={line.name} class={`lines-path ${line.role}`} d={pathOf(line.points, gapMs, x, y)} />
          ))}
          {at !== undefined && <Cursor at={at} drawn={cursor !== undefined} x={x} plotted={plotted} gapMs={gapMs} />}
        </svg>
      )}
    </figure>
  );
}

interface Plotted {
  readonly line: Line;
  readonly y: Scale;
}

type Read = readonly { readonly line: Line; readonly text: string }[];

/** The values at the cursor, above the chart. Screen readers read them from the chart itself. */
function Reading({ at, read }: { at: number | undefined; read: Read }) {
  return (
    <p class="lines-read" aria-hidden="true">
      <time>{dateTime(at)}</time>
      {read.map(({ line, text }) => (
        <span key={line.name} class={`lines-key ${line.role}`}>
          {line.name} <b>{text}</b>
        </span>
      ))}
    </p>
  );
}

const textOf = (at: number, read: Read) =>
  `${dateTime(at)}: ${read.map(({ line, text }) => `${line.name} ${text === ABSENT ? t().notMeasured : text}`).join(", ")}`;

/** A dot on each line at the cursor. While the pointer is on the chart, there is also a vertical line. */
function Cursor(props: { at: number; drawn: boolean; x: Scale; plotted: readonly Plotted[]; gapMs: number }) {
  const { at, drawn, x, plotted, gapMs } = props;
  return (
    <g>
      {drawn && <line class="lines-cursor" x1={x(at)} x2={x(at)} y1={TOP} y2={HEIGHT - FOOT} />}
      {plotted.map(({ line, y }) => {
        const value = pointAt(line, at, gapMs)?.value;
        if (value === undefined) return null;
        return <circle key={line.name} class={`lines-dot ${line.role}`} cx={x(at)} cy={y(value)} r={3.5} />;
      })}
    </g>
  );
}

type Scale = (value: number) => number;

function Grid(props: Plotted & { span: Range; x: Scale; right: number; marks: readonly number[] | undefined }) {
  const { line, y, span, x, right, marks = roundTicks(rangeOf(line), 4) } = props;
  return (
    <g class="lines-grid">
      {marks.map((mark) => (
        <g key={mark}>
          <line x1={LEFT} x2={right} y1={y(mark)} y2={y(mark)} />
          <text x={LEFT - 6} y={y(mark)} dy="0.35em" text-anchor="end">
            {line.show(mark)}
          </text>
        </g>
      ))}
      {timeTicks(span, Math.max(2, Math.floor((right - LEFT) / 56))).map(({ at, text }) => (
        <text key={at} x={x(at)} y={HEIGHT - 5} text-anchor="middle">
          {text}
        </text>
      ))}
    </g>
  );
}

function RightAxis({ line, y, x }: Plotted & { x: number }) {
  return (
    <g class="lines-grid">
      {distinct(roundTicks(rangeOf(line), 4), line.show).map((tick) => (
        <text key={tick} x={x + 6} y={y(tick)} dy="0.35em">
          {line.show(tick)}
        </text>
      ))}
    </g>
  );
}

/** Return the ticks without those that would repeat the text before. */
function distinct(ticks: readonly number[], show: Line["show"]): number[] {
  return ticks.filter((tick, index) => index === 0 || show(tick) !== show(ticks[index - 1] ?? tick));
}

function rangeOf({ range, points }: Line): Range {
  return range ?? extent(points.flatMap(({ value }) => (value === undefined ? [] : [value]))) ?? [0, 1];
}

/** Return the SVG path of the points. Points that are close enough are connected. A single point is a dot. */
function pathOf(points: readonly Point[], gapMs: number, x: Scale, y: Scale): string {
  let path = "";
  let before: Point | undefined;
  for (const point of points) {
    if (point.value !== undefined) {
      const joined = before?.value !== undefined && point.at - before.at <= gapMs;
      path += `${joined ? "L" : "M"}${coordinate(x(point.at))} ${coordinate(y(point.value))}${joined ? "" : "h0"}`;
    }
    before = point;
  }
  return path;
}

/** Return the index of the point that is nearest to a time, -1 without points. */
function nearest(points: readonly Point[], at: number): number {
  let best = -1;
  let distance = Infinity;
  for (const [index, point] of points.entries()) {
    if (Math.abs(point.at - at) >= distance) continue;
    best = index;
    distance = Math.abs(point.at - at);
  }
  return best;
}

function pointAt({ points }: Line, at: number, gapMs: number): Point | undefined {
  const point = points[nearest(points, at)];
  return point && Math.abs(point.at - at) <= gapMs ? point : undefined;
}

function valueAt(line: Line, at: number, gapMs: number): string {
  const value = pointAt(line, at, gapMs)?.value;
  return value === undefined ? ABSENT : line.show(value);
}

function stepOf(key: string, index: number, count: number): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    PageUp: index + 10,
    PageDown: index - 10,
    Home: 0,
    End: count - 1,
  };
  return steps[key];
}

function useWidth() {
  const boxRef = useRef<HTMLElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = boxRef.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [boxRef, width] as const;
}
