import { render } from "preact";
import { App } from "./app.js";
import { followNews } from "./state/alerts.js";
import { tidy } from "./state/archive.js";
import { answered, followMarket } from "./state/live.js";
import { keepPage } from "./state/offline.js";
import "./state/theme.js";

void followMarket();
// After the call is on its way: what the page begins with is on the screen already, and drawing it anew takes a while.
setTimeout(() => {
  const place = document.getElementById("app");
  if (place) render(<App />, place);
});
void answered().then(followNews);
void answered().then(tidy);
keepPage();
