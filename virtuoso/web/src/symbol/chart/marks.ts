import { type Alert, AlertKind, AlertLevel, Side, type Signal, SignalStatus } from "virtuoso-market";
import type { Level, Mark } from "../../charts/picture.js";
import { ms, signed } from "../../format.js";
import { t } from "../../texts/index.js";

/** Return the prices of the plans of active signals. */
export function levelsOf(signals: readonly Signal[]): Level[] {
  const words = t().chart.levels;
  return signals
    .filter(({ status }) => status === SignalStatus.ACTIVE)
    .flatMap(({ entry, stop, targets, targetsHit }) => [
      { name: words.entry, price: entry, colour: "--muted" },
      { name: words.stop, price: stop, colour: "--down" },
      ...targets
        .map(({ price }, index) => ({ name: words.target(index + 1), price, colour: "--up" }) as const)
        .slice(targetsHit),
    ]);
}

/** Return the marks of signals and alerts at the bars in which they happened, oldest first. */
export function marksOf(
  signals: readonly Signal[],
  alerts: readonly Alert[],
  times: readonly number[],
  step: number,
): Mark[] {
  const known = new Set(times);
  const marks = [...signals.flatMap(signalMarks), ...alerts.flatMap(alertMarks)]
    .map(({ at, ...mark }) => ({ ...mark, time: Math.floor(at / 1000 / step) * step }))
    .filter(({ time }) => known.has(time));
  const byPlace = new Map<string, Mark>();
  for (const mark of marks) {
    const place = `${mark.time} ${mark.shape}`;
    const same = byPlace.get(place);
    const words = [...(same?.words ?? []), ...mark.words];
    byPlace.set(place, same ? { ...same, words, text: `${words.length}` } : mark);
  }
  return [...byPlace.values()].sort((a, b) => a.time - b.time);
}

type Event = Omit<Mark, "time"> & { readonly at: number };

function signalMarks({ side, openTime, closeTime, status, resultR, netResultR }: Signal): Event[] {
  const words = t().chart;
  const isLong = side === Side.LONG;
  const opened: Event = {
    at: ms(openTime) ?? 0,
    shape: isLong ? "arrowUp" : "arrowDown",
    colour: isLong ? "--up" : "--down",
    text: isLong ? words.long : words.short,
    words: [isLong ? words.opened.long : words.opened.short],
  };
  const closedAt = ms(closeTime);
  if (closedAt === undefined) return [opened];
  const result = `${signed(netResultR ?? resultR, 2)} R`;
  const how = t().statuses[status] ?? "";
  return [
    opened,
    { at: closedAt, shape: "square", colour: "--muted", text: result, words: [words.closed(how, result)] },
  ];
}

function alertMarks({ kind, level, text, observedTime }: Alert): Event[] {
  // signals have marks of their own
  if (kind === AlertKind.SIGNAL_OPENED || kind === AlertKind.SIGNAL_CLOSED) return [];
  const colour = level > AlertLevel.INFO ? "--warn" : "--faint";
  return [{ at: ms(observedTime) ?? 0, shape: "circle", colour, text: "", words: [text] }];
}
