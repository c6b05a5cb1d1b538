import type { ReadonlySignal } from "@preact/signals";
import type { Point } from "../../charts/indicators.js";
import { type Bar, type FormingBar, type Picture, newest } from "../../charts/picture.js";
import { amount, dateTime, price, score } from "../../format.js";
import { t } from "../../texts/index.js";
import { Change, Fact } from "../../ui/index.js";

interface ReadingProps {
  readonly picture: Picture;
  readonly forming: ReadonlySignal<readonly FormingBar[]>;
  /** The time of the bar under the cursor. Undefined without a cursor. */
  readonly cursor: number | undefined;
}

/** The figures and the events of the bar under the cursor, or the figures of the newest bar. */
export function Reading({ picture, forming, cursor }: ReadingProps) {
  const { bars, marks, tickSize } = picture;
  const words = t().chart;
  const closed = bars.find(({ time }) => time === cursor);
  const unclosed = closed ? undefined : (forming.value.find(({ time }) => time === cursor) ?? forming.value.at(-1));
  const bar = closed ?? unclosed ?? bars.at(-1);
  if (!bar) return null;
  const show = (value: number) => price(value, tickSize);
  const events = cursor === undefined ? [] : marks.filter(({ time }) => time === cursor).flatMap((mark) => mark.words);
  return (
    <div class="bar-reading" aria-hidden="true">
      <time>{stamp(bar.time)}</time>
      <span class={bar.close >= bar.open ? "up" : "down"}>
        <Named letter={words.open}>{show(bar.open)}</Named> <Named letter={words.high}>{show(bar.high)}</Named>{" "}
        <Named letter={words.low}>{show(bar.low)}</Named> <Named letter={words.close}>{show(bar.close)}</Named>
      </span>
      <span>{"volume" in bar ? `${words.volume} ${amount((bar as Bar).volume)}` : words.notClosed}</span>
      {events.length > 0 && (
        <div class="bar-events">
          {events.map((text, index) => (
            <p key={index}>{text}</p>
          ))}
        </div>
      )}
    </div>
  );
}

/** A figure with its name, a letter, on one line. */
const Named = ({ letter, children }: { letter: string; children: string }) => (
  <span class="named">
    {letter} <b>{children}</b>
  </span>
);

interface SummaryProps {
  readonly bars: readonly Bar[];
  readonly picture: Picture;
  readonly frame: string;
  /** The scores of the visible time. */
  readonly scores: readonly Point[];
}

/** A summary of the visible bars. Screen readers use it in place of the canvas. */
export function Summary({ bars, picture, frame, scores }: SummaryProps) {
  const { tickSize, panes, levels } = picture;
  const first = bars[0];
  const last = bars.at(-1);
  if (!first || !last) return null;
  const words = t().chart;
  const plots = panes.flatMap((pane) => pane.plots);
  const known = scores.map(({ value }) => value);
  const figures = [
    [words.first, first.open],
    [words.highest, Math.max(...bars.map(({ high }) => high))],
    [words.lowest, Math.min(...bars.map(({ low }) => low))],
    [words.last, last.close],
  ] as const;
  return (
    <div class="chart-summary">
      <p class="faint">
        {words.range(bars.length, frame, stamp(first.time), stamp(last.time))}.{" "}
        {known.length > 0 && t().scoreHistory.between(score(Math.min(...known)), score(Math.max(...known)))}
      </p>
      <dl class="facts">
        {figures.map(([name, value]) => (
          <Fact key={name} name={name} value={price(value, tickSize)} />
        ))}
        <div>
          <dt>{words.change}</dt>
          <dd>
            <Change value={(last.close / first.open - 1) * 100} />
          </dd>
        </div>
      </dl>
      <ul class="visually-hidden" aria-label={words.newest}>
        {plots.map(({ name, values, show }) => {
          const value = newest(values);
          return value === undefined ? null : <li key={name}>{`${name}: ${show(value)}`}</li>;
        })}
        {levels.map(({ name, price: at }) => (
          <li key={name}>{`${name}: ${price(at, tickSize)}`}</li>
        ))}
      </ul>
    </div>
  );
}

const stamp = (seconds: number) => dateTime(seconds ? seconds * 1000 : undefined);
