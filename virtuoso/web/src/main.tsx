import { render } from "preact";
import { App } from "./app.js";
import { followNewAlerts } from "./state/alerts.js";
import { deleteOldReplies } from "./state/reply_store.js";
import { firstAnswer, followMarket } from "./state/live.js";
import { registerServiceWorker } from "./state/service_worker.js";
import "./state/language.js";
import "./state/theme.js";

void followMarket();
// The first call is sent before the first render, because rendering takes a while. index.html shows the same shell until
// then.
setTimeout(() => {
  const place = document.getElementById("app");
  if (place) render(<App />, place);
});
void firstAnswer().then(followNewAlerts);
void firstAnswer().then(deleteOldReplies);
if (matchMedia("(any-pointer: fine)").matches) void firstAnswer().then(() => import("./keyboard.js"));
registerServiceWorker();
