// What pages are made of. Each looks after truth in its own way: absent values are said to be absent, panels carry age and
// source, directions have a sign beside their colour.
export { Age } from "./age.js";
export { Badge, Empty, SymbolLink, SymbolName, base, symbolPath, type Tone } from "./bits.js";
export { Icon, type IconName } from "./icon.js";
export { Panel, type PanelProps, ProblemNote, Skeleton, Source } from "./panel.js";
export { DimensionBars, SIX, ScoreBar, lean } from "./score.js";
export { Segmented } from "./segmented.js";
export { Sheet } from "./sheet.js";
export { Change, Value, way } from "./value.js";
export { WatchStar } from "./watch.js";
