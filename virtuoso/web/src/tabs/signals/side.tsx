import { Side } from "virtuoso-market";
import { Badge } from "../../ui/index.js";

/** Long or short, by word, arrow and colour. */
export function SideMark({ side }: { side: Side }) {
  const long = side === Side.LONG;
  return (
    <Badge tone={long ? "up" : "down"}>
      <span aria-hidden="true">{long ? "▲ " : "▼ "}</span>
      {long ? "Long" : "Short"}
    </Badge>
  );
}
