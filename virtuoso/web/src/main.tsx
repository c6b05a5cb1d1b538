import { render } from "preact";
import { App } from "./app.js";
import { followNewAlerts } from "./state/alerts.js";
import { deleteOldReplies } from "./state/reply_store.js";
import { firstTexts } from "./state/language.js";
import { firstAnswer, firstData, followMarket } from "./state/live.js";
import { registerServiceWorker } from "./state/service_worker.js";
import "./state/theme.js";

const PATIENCE_MS = 300;

void followMarket();
// The first data usually comes soon after this script. Until then index.html shows the same shell, so rendering it first
// would only take time.
void Promise.race([
  Promise.all([firstData(), firstTexts]),
  new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)),
]).then(() => {
  const place = document.getElementById("app");
  if (place) render(<App />, place);
});
void firstAnswer().then(followNewAlerts);
void firstAnswer().then(deleteOldReplies);
if (matchMedia("(any-pointer: fine)").matches) void firstAnswer().then(() => import("./keyboard.js"));
registerServiceWorker();
