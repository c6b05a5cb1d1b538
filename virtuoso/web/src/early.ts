// This script runs before the first paint and before the modules of the page are here. It cannot import anything.
{
  // The theme, so that the page never flashes in the wrong one. state/theme.ts takes over later, with the same key and the
  // same rule.
  let chosen: unknown;
  try {
    chosen = JSON.parse(localStorage.getItem("virtuoso:theme") ?? "null");
  } catch {
    chosen = null;
  }
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = chosen === "light" || chosen === "dark" ? chosen : system;

  // The call for the first data, so that it is answered while the modules load. state/early_call.ts takes its answer when
  // the page makes the same call: WatchDashboard with a min_interval of one second.
  const { connection } = navigator as { connection?: { readonly saveData?: boolean } };
  if (!connection?.saveData) {
    const request = new Uint8Array([0, 0, 0, 0, 4, 0x12, 2, 8, 1]);
    const controller = new AbortController();
    const response = fetch("/virtuoso.market.v1.MarketService/WatchDashboard", {
      method: "POST",
      headers: { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
      body: request,
      signal: controller.signal,
    });
    response.catch(() => undefined); // the page sees the error when it takes the answer
    Object.assign(globalThis, { earlyCall: { request, response, controller } });
  }
}
