import { type Plugin, defineConfig } from "vite";
import { WIDTHS } from "./src/widths.js";

// `npm run dev` speaks to a running demo: the page on Vite's port, calls through the edge.
const EDGE = "http://127.0.0.1:8003";

// Scripts beside the page: one that runs before the first paint, and the service worker.
const BESIDE = ["theme", "sw"];

/** Serves the scripts beside the page under their own names, which never change, and tells the service worker what a page
 * consists of: every file of the build but itself, with a version made of their content. */
function beside(): Plugin {
  return {
    name: "beside",
    enforce: "post",
    resolveId(id) {
      return id === "/theme.js" ? this.resolve("/src/theme.ts") : undefined; // in `npm run dev`
    },
    async generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("the build made no sw.js");
      const files = Object.values(bundle)
        .filter((file) => file !== worker)
        .sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
      const whole = files.map((file) => [file.fileName, file.type === "chunk" ? file.code : String(file.source)]);
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(whole)));
      const version = String(new DataView(digest).getBigUint64(0));
      const list = JSON.stringify(files.map((file) => `/${file.fileName}`));
      worker.code = worker.code.replace("__FILES__", () => list).replace("__VERSION__", () => JSON.stringify(version));
    },
  };
}

/** Put the width in the place of its name in styles. */
function widths(): Plugin {
  const byName = new Map<string, string>(Object.entries(WIDTHS));
  return {
    name: "widths",
    enforce: "pre",
    transform: {
      filter: { id: /\.css$/ },
      handler(code) {
        return code.replace(/(?<=@media )\(--([\w-]+)\)/g, (_, name: string) => {
          const width = byName.get(name);
          if (width === undefined) throw new Error(`src/widths.ts has no width of the name ${name}`);
          return width;
        });
      },
    },
  };
}

export default defineConfig({
  plugins: [widths(), beside()],
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy allows nothing inline
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      input: { main: "index.html", theme: "src/theme.ts", sw: "src/sw.ts" },
      output: {
        entryFileNames: ({ name }) => (BESIDE.includes(name) ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: { proxy: { "/virtuoso.market.v1.MarketService": EDGE, "/v1": EDGE, "/healthz": EDGE } },
});
