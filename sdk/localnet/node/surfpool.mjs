// Starts a surfnet, prints where it is as one JSON line, and then obeys one JSON line after another:
//   {"deploy": {"programId": "<address>", "soPath": "<file>"}}
//   {"fund": {"address": "<address>", "lamports": 1000000000}}
//   {"travel": {"unixSecs": 1800000000}}
// Each is answered by one line, {"ok": true} or {"error": "<reason>"}. It ends when its input does.
//
// usage: node surfpool.mjs <directory with node_modules> <milliseconds a slot>
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const [directory, slotTimeMs] = process.argv.slice(2);
const require = createRequire(resolve(directory, "package.json"));
const { Surfnet } = require("@solana/surfpool-linux-x64-gnu/surfpool-sdk.linux-x64-gnu.node");

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
// Blocks by the clock: the chain's time then follows the system's.
const surfnet = Surfnet.startWithConfig({
  offline: true,
  blockProductionMode: "clock",
  slotTimeMs: Number(slotTimeMs),
});
say({ rpcUrl: surfnet.rpcUrl, wsUrl: surfnet.wsUrl, payer: Array.from(surfnet.payerSecretKey) });

// The surfnet stops once nobody takes its events.
setInterval(() => surfnet.drainEvents(), 250);

const commands = {
  deploy: ({ programId, soPath }) => surfnet.deploy({ programId, soPath }),
  fund: ({ address, lamports }) => surfnet.fundSol(address, lamports),
  travel: ({ unixSecs }) => surfnet.timeTravelToTimestamp(unixSecs * 1000),
};

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const [[name, options]] = Object.entries(JSON.parse(line));
    await commands[name](options);
    say({ ok: true });
  } catch (error) {
    say({ error: String(error) });
  }
}
surfnet.stop();
process.exit(0);
