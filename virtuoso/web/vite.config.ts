import { type Plugin, defineConfig } from "vite";
import { WIDTHS } from "./src/widths.js";

// `npm run dev` serves the page on Vite's port and sends its calls to the edge of a running demo.
const EDGE = "http://127.0.0.1:8003";

const ASSETS = "assets/";

/** Tell the service worker the names of all built files, and serve the early script in `npm run dev`.
 *
 * Built files have names without a version, so a change of one file changes no other. The edge serves them below the version
 * of the whole build (edge/page.py). So they must import each other by relative paths. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    enforce: "post",
    resolveId(id) {
      return id === `/${ASSETS}early.js` ? this.resolve("/src/early.ts") : undefined;
    },
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") throw new Error("the build made no sw.js");
      const files = Object.values(bundle).filter(({ fileName }) => fileName.startsWith(ASSETS));
      const absolute = files.find((file) => file.type === "chunk" && file.code.includes(`/${ASSETS}`));
      if (absolute) throw new Error(`${absolute.fileName} names a built file by an absolute path`);
      const names = files.map(({ fileName }) => fileName.slice(ASSETS.length)).sort();
      worker.code = worker.code.replace("__FILES__", () => JSON.stringify(names));
    },
  };
}

/** Put the styles and the early script of index.html into it, so that the first paint needs no second request. The edge allows
 * them by their hashes. */
function inline(): Plugin {
  const inlined = new Map<string, string>();
  return {
    name: "inline",
    apply: "build",
    // This runs before the page is made, so no chunk asks for the styles again.
    generateBundle(_, bundle) {
      for (const [path, file] of Object.entries(bundle)) {
        if (![`${ASSETS}early.js`, `${ASSETS}main.css`].includes(path)) continue;
        inlined.set(path, (file.type === "chunk" ? file.code : String(file.source)).trim());
        Reflect.deleteProperty(bundle, path);
        for (const one of Object.values(bundle)) if (one.type === "chunk") one.viteMetadata?.importedCss.delete(path);
      }
    },
    transformIndexHtml: {
      order: "post",
      handler: (html) =>
        html
          .replace(
            /<script src="\/([^"]+)"[^>]*><\/script>/,
            (_, path: string) => `<script>${inlined.get(path)}</script>`,
          )
          .replace("</head>", () => `  <style>${inlined.get(`${ASSETS}main.css`)}</style>\n  </head>`),
    },
  };
}

/** Leave out the JSON format of protobuf. The page uses the binary format only, but its libraries always import both. */
function withoutJson(): Plugin {
  return {
    name: "without-json",
    apply: "build",
    enforce: "pre",
    load: {
      filter: { id: /@bufbuild\/protobuf\/dist\/esm\/(?:from|to)-json\.js$/ },
      handler: (id) => {
        const way = id.endsWith("from-json.js") ? "from" : "to";
        return `export const ${way}Json = undefined; export const ${way}JsonString = undefined;`;
      },
    },
  };
}

// Modules that several lazily loaded pages share. They are one file.
const SHARED_BY_TABS = [
  ...["charts/lines", "charts/scale", "state/pages", "state/paged_list", "symbol/head", "symbol/names"],
  ...[
    "tabs/choices",
    "tabs/older",
    "tabs/search",
    "tabs/alerts/item",
    "tabs/alpha/card",
    "tabs/beta/alpha_text",
    "tabs/beta/detail",
    "tabs/beta/span",
  ],
  ...["tabs/signals/card", "tabs/signals/other_venue", "tabs/signals/progress", "tabs/signals/side"],
  ...["styles/lists", "styles/alerts", "styles/lines", "styles/alpha", "styles/beta", "styles/signals"],
];

/** Replace the names of widths in styles by the widths. */
function widths(): Plugin {
  const byName = new Map<string, string>(Object.entries(WIDTHS));
  return {
    name: "widths",
    enforce: "pre",
    transform: {
      filter: { id: /\.css(?:\?|$)/ },
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
  plugins: [widths(), withoutJson(), inline(), serviceWorker()],
  experimental: { renderBuiltUrl: (_, { hostType }) => (hostType === "js" ? { relative: true } : undefined) },
  build: {
    target: "es2022",
    assetsInlineLimit: 0, // the Content-Security-Policy allows nothing inline
    modulePreload: { polyfill: false },
    sourcemap: false,
    rolldownOptions: {
      input: { main: "index.html", early: "src/early.ts", sw: "src/sw.ts" },
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "[name].js" : `${ASSETS}[name].js`),
        chunkFileNames: `${ASSETS}[name].js`,
        assetFileNames: `${ASSETS}[name][extname]`,
        minifyInternalExports: false, // short names shift with each new export, and change every file that imports them
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: "vendor",
              test: /\/node_modules\/(?!lightweight-charts|fancy-canvas|d3-hierarchy|virtuoso-market)/,
            },
            { name: "market", test: /\/node_modules\/virtuoso-market/ },
            { name: "symbol_parts", test: /\/src\/(?:symbol\/(?!head|names)|charts\/frame|styles\/symbol)/ },
            { name: "lists", test: new RegExp(`/src/(?:${SHARED_BY_TABS.join("|")})`) },
          ],
        },
      },
    },
  },
  server: { proxy: { "/virtuoso.market.v1.MarketService": EDGE, "/v1": EDGE, "/healthz": EDGE } },
});
