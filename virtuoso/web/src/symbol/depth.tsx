import { type BookDepth, DimensionKind, type GetConfluenceResponse } from "virtuoso-market";
import { fixed, ms, price, usd } from "../format.js";
import { now } from "../state/clock.js";
import type { Answer } from "../state/query.js";
import { t } from "../texts/index.js";
import { Empty, Fact, Panel, Term } from "../ui/index.js";
import { VIEW, areasOf, figuresOf, largerSide } from "./depth_figures.js";
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
  const { bids, asks } = areasOf(depth);
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
        <svg viewBox={VIEW} preserveAspectRatio="none" role="img" aria-label={`${words.chart}. ${balance}`}>
          <path class="depth-bids" d={bids} />
          <path class="depth-asks" d={asks} />
        </svg>
        <figcaption aria-hidden="true">
          <span>{price(middle - depth.distance, tickSize)}</span>
          <span>{words.bids}</span>
          <span>{words.asks}</span>
          <span>{price(middle + depth.distance, tickSize)}</span>
        </figcaption>
      </figure>
    </div>
  );
}

/** Format a number above 0 with two significant digits. */
const twoDigits = (value: number) => fixed(value, Math.max(0, 1 - Math.floor(Math.log10(value))));
