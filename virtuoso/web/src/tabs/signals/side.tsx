import { Side } from "virtuoso-market";
import { t } from "../../texts/index.js";
import { Badge } from "../../ui/index.js";

/** Long or short, by word, arrow and colour. */
export function SideMark({ side }: { side: Side }) {
  const long = side === Side.LONG;
  return (
    <Badge tone={long ? "up" : "down"}>
      <span aria-hidden="true">{long ? "▲ " : "▼ "}</span>
      {long ? t().sides.long : t().sides.short}
    </Badge>
  );
}
