// The components of the pages. Missing values are shown as missing. Panels show age and source. A direction has a sign in
// addition to its colour.
export { Age } from "./age.js";
export { Badge, type Tone } from "./badge.js";
export { Fact } from "./fact.js";
export { Icon, type IconName } from "./icon.js";
export { LiquidationPanel } from "./liquidations.js";
export { Moving } from "./moving.js";
export { Empty, OwnSource, Panel, type PanelProps, ProblemNote, Skeleton, Source } from "./panel.js";
export { ROW_DIMENSIONS } from "./dimensions.js";
export { DimensionBars, ScoreBar, scoreDirection } from "./score.js";
export { Segmented } from "./segmented.js";
export { Sheet } from "./sheet.js";
export { Sparkline } from "./sparkline.js";
export { Sliding } from "./sliding.js";
export { SymbolLink, SymbolName, baseAsset, symbolPath } from "./symbol.js";
export { Term, type TermName, Terms } from "./term.js";
export { Change, Value, signDirection } from "./value.js";
export { WatchStar } from "./watch_star.js";
