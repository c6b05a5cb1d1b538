import { type BookDepth, DimensionKind, type GetConfluenceResponse } from "virtuoso-market";
import { useMemo, useState } from "preact/hooks";
import { DepthFrame } from "../charts/depth_frame.js";
import { ABSENT, fixed, ms, price, usd } from "../format.js";
import { now } from "../state/clock.js";
import type { Answer } from "../state/query.js";
import { t } from "../texts/index.js";
import { Empty, Fact, Panel, Term } from "../ui/index.js";
import { figuresOf, largerSide } from "./depth_figures.js";
import { InputAge, inputAgeMs } from "./dimension.js";
import { inputName, sentenceCase } from "./names.js";
import "../styles/depth.css";

const MAX_AGE_MS = 60_000; // an order book that is older does not show the present market

/** The depth of the order book, or that no order book is known. */
export function DepthPanel({ symbol, answer }: { symbol: string; answer: Answer<GetConfluenceResponse> }) {
  const { reply, ...received } = answer;
  return (
    <Panel title={t().depth.title} term="depth" class="depth" provenance={reply?.provenance} {...received}>
      {reply?.bookDepth ? (
        <Depth depth={reply.bookDepth} reply={reply} heardMs={received.heardMs} />
      ) : (
        <Empty>{t().depth.none(symbol)}</Empty>
      )}
    </Panel>
  );
}

interface Props {
  readonly depth: BookDepth;
  readonly reply: GetConfluenceResponse;
  readonly heardMs: number | undefined;
}

function Depth({ depth, reply, heardMs }: Props) {
  const words = t().depth;
  const { tickSize, provenance, dimensions } = reply;
  const { middle, spreadBp, reachPercent, bidsUsd, asksUsd } = figuresOf(depth);
  const age = { observedMs: ms(depth.observedTime), provenance, heardMs };
  const isOld = (inputAgeMs(age, now.value) ?? Infinity) > MAX_AGE_MS;
  const { inputs } = dimensions.find(({ kind }) => kind === DimensionKind.ORDERBOOK) ?? { inputs: [] };
  const transport = inputs.find(({ name }) => name === "order_book")?.transport;
  const { side, times } = largerSide(bidsUsd, asksUsd);
  const balance = side ? words.larger[side](fixed(times, 1)) : words.equal;
  const [step, setStep] = useState<number>();
  const picture = useMemo(() => ({ bids: depth.bidsUsd, asks: depth.asksUsd }), [depth]);
  return (
    <div class={isOld ? "depth-body old" : "depth-body"}>
      <div>
        <dl class="facts">
          <Fact name={words.bestBid} value={price(depth.bestBid, tickSize)} />
          <Fact name={words.bestAsk} value={price(depth.bestAsk, tickSize)} />
          <Fact name={words.bids} value={usd(bidsUsd)} />
          <Fact name={words.asks} value={usd(asksUsd)} />
          <Fact name={<Term of="spread" />} value={words.spread(twoDigits(spreadBp))} />
          <Fact name={words.within} value={words.reach(twoDigits(reachPercent))} />
        </dl>
        <p>{balance}</p>
        <p class="faint">
          {sentenceCase(inputName("order_book"))}: {transport !== undefined && `${t().transports[transport] ?? ""}, `}
          <InputAge {...age} />
        </p>
        {isOld && <p class="note">{words.old}</p>}
      </div>
      <figure>
        <DepthFrame picture={picture} label={`${words.chart}. ${balance}`} onCursor={setStep} />
        <figcaption aria-hidden="true">
          {step ? (
            <b>{within(depth, step, tickSize)}</b>
          ) : (
            <>
              <span>{price(middle - depth.distance, tickSize)}</span>
              <span>{words.bids}</span>
              <span>{words.asks}</span>
              <span>{price(middle + depth.distance, tickSize)}</span>
            </>
          )}
        </figcaption>
      </figure>
    </div>
  );
}

/** Say the price of a step, and the value of all orders up to it. Steps below 0 are those of the bids. */
function within(depth: BookDepth, step: number, tickSize: number | undefined): string {
  const values = step < 0 ? depth.bidsUsd : depth.asksUsd;
  const { middle } = figuresOf(depth);
  const value = values[Math.abs(step) - 1];
  return `${price(middle + (step / values.length) * depth.distance, tickSize)}: ${value === undefined ? ABSENT : usd(value)}`;
}

/** Format a number above 0 with two significant digits. */
const twoDigits = (value: number) => fixed(value, Math.max(0, 1 - Math.floor(Math.log10(value))));
