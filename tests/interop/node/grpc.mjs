// @grpc/grpc-js with stubs made at run time from the contract's image:  node grpc.mjs ADDRESS IMAGE [[RPC, REQUEST], ...]
import { readFileSync } from "node:fs";
import grpc from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";

const [address, image, calls] = process.argv.slice(2);
const options = { longs: String, enums: String, defaults: false };
const { virtuoso } = grpc.loadPackageDefinition(loadFileDescriptorSetFromBuffer(readFileSync(image), options));
const client = new virtuoso.market.v1.MarketService(address, grpc.credentials.createInsecure());
const deadline = () => Date.now() + 5000;

for (const [name, request] of JSON.parse(calls)) {
  const answer = await new Promise((resolve) => {
    if (name.startsWith("Watch")) {
      const stream = client[name](request);
      stream.on("error", () => {}); // cancelled below
      stream.once("data", (message) => {
        stream.cancel();
        resolve({ message });
      });
    } else {
      client[name](request, { deadline: deadline() }, (error, message) =>
        resolve(error ? { code: error.code, details: error.details, rich: error.metadata.get("grpc-status-details-bin").length } : { message }),
      );
    }
  });
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
client.close();
