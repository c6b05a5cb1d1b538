// The package virtuoso-market on Node's own fetch (connect-web):  node web.mjs ADDRESS SCENARIO [ARGUMENT]
import { fromJson, toJson } from "@bufbuild/protobuf";
import { MarketService, createMarket, followAlerts, followDashboard, problemOf } from "virtuoso-market";

const [address, scenario, argument = "{}"] = process.argv.slice(2);
const market = createMarket({ baseUrl: `http://${address}` });
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** The method of a name, such as "GetDashboard". */
const method = (name) => MarketService.methods.find((one) => one.name === name);

const scenarios = {
  // Each call [RPC, request] in turn: its reply as JSON, or what the failure means.
  async calls() {
    for (const [name, request] of JSON.parse(argument)) {
      const { localName, input, output } = method(name);
      try {
        say(toJson(output, await market[localName](fromJson(input, request))));
      } catch (error) {
        say(problemOf(error));
      }
    }
  },
  async dashboard() {
    for await (const { dashboard, connection, problem } of followDashboard(market, JSON.parse(argument))) {
      const rows = [...(dashboard?.rows.values() ?? [])].map(({ symbol, score, price }) => [symbol, score ?? null, price]);
      say({ connection, id: dashboard?.provenance.snapshotId, rows, problem });
    }
  },
  async alerts() {
    for await (const { alerts, cursor, problem } of followAlerts(market, JSON.parse(argument))) {
      say({ texts: alerts.map(({ text }) => text), cursor, problem });
    }
  },
};

await scenarios[scenario]();
