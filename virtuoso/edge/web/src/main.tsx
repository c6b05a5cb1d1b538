import { render } from "preact";
import { App } from "./app.js";
import { followNews } from "./state/alerts.js";
import { tidy } from "./state/archive.js";
import { answered, followMarket } from "./state/live.js";
import { keepPage } from "./state/offline.js";
import "./state/theme.js";

render(<App />, document.getElementById("app") as HTMLElement);
void followMarket();
void answered().then(followNews);
void answered().then(tidy);
keepPage();
