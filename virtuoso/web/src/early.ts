// This script runs before the first paint and before the modules of the page are here. It cannot import anything.
{
  const stored = (key: string): unknown => {
    try {
      return JSON.parse(localStorage.getItem(`virtuoso:${key}`) ?? "null");
    } catch {
      return null;
    }
  };

  // The theme, so that the page never flashes in the wrong one. state/theme.ts takes over later, with the same key and the
  // same rule.
  const chosen = stored("theme");
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

  // The texts in another language than English are a file of their own. state/language.ts has the same rule.
  const language = stored("language");
  if ((language === "de" || language === "en" ? language : navigator.language.slice(0, 2)) === "de") {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = "/assets/de.js";
    document.head.append(link);
  }

  // The first number format of a page takes long to make. It is made after the first paint, while the modules load.
  requestAnimationFrame(() => setTimeout(() => new Intl.NumberFormat(navigator.language)));
}
