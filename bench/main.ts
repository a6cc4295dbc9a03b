/** `npm run bench`: measures this product against what it is compared with, in turn on one machine; prints a table, writes bench/results.json. */
import { cpus, totalmem } from "node:os";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { type Row, print } from "./figures.ts";
import { large, openInjector, small } from "./injector.ts";
import { type Sink, openSink, sinkProgram } from "./sink.ts";
import { acceptOnly } from "./rows/accept.ts";
import { auditAppend } from "./rows/audit-append.ts";
import { receiving } from "./rows/inbound.ts";
import { listing } from "./rows/lists.ts";
import { searching } from "./rows/search.ts";
import { signing } from "./rows/signing.ts";
import { starting } from "./rows/start.ts";
import { verifying } from "./rows/verify-log.ts";
import { gatedRoad, wholeRoad } from "./rows/whole-road.ts";

const { values: given } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    count: { type: "string", default: "5000" },
    connections: { type: "string", default: "64" },
    out: { type: "string", default: new URL("results.json", import.meta.url).pathname },
  },
});
const rounds = Number(given.rounds);
const count = Number(given.count);
const connections = Number(given.connections);
const injector = openInjector();
let sink: Sink | null = null;

const road = async () => {
  sink ??= await openSink();
  return { count, rounds, injector, sink, connections };
};

/** Every row by name. Those that end in a sink need smtp-sink. */
const rows: Record<string, { needs_sink?: true; run(): Promise<Row> }> = {
  start: { run: () => starting(rounds) },
  signing: { run: () => signing(rounds) },
  "verify-log": { run: () => verifying(rounds) },
  accept: { run: () => acceptOnly({ count, rounds, injector, connections: 64, size: small }) },
  "audit-append": { run: () => auditAppend({ count, rounds }) },
  "whole-road-2k": {
    needs_sink: true,
    run: async () => wholeRoad(await road(), "whole-road-2k", small),
  },
  "whole-road-50k": {
    needs_sink: true,
    run: async () => wholeRoad(await road(), "whole-road-50k", large),
  },
  inbound: { run: () => receiving({ count: Math.min(count, 2000), rounds, connections: 16 }) },
  search: { run: () => searching({ messages: 100_000, rounds }) },
  "search-1m": { run: () => searching({ messages: 1_000_000, rounds }) },
  lists: {
    run: () =>
      listing({
        rounds,
        small: { messages: 1000, pending: 100 },
        large: { messages: 100_000, pending: 100_000 },
      }),
  },
  "gated-road-2k": { needs_sink: true, run: async () => gatedRoad(await road(), small) },
};

const wanted = given.only?.split(",") ?? Object.keys(rows);
const results: Row[] = [];
for (const name of wanted) {
  const row = rows[name];
  if (!row) throw new Error(`There is no row ${name}; there are ${Object.keys(rows).join(", ")}.`);
  if (row.needs_sink && sinkProgram === null) {
    process.stdout.write(
      `\n${name}: not measured: install the Debian package postfix (smtp-sink)\n`,
    );
    continue;
  }
  const result = await row.run();
  process.stdout.write(print(result));
  results.push(result);
}
await injector.close();
await (sink as Sink | null)?.close();
const machine = {
  cpus: cpus().length,
  model: cpus()[0]?.model ?? "",
  memory_bytes: totalmem(),
  node: process.version,
};
await writeFile(
  given.out,
  `${JSON.stringify({ at: new Date().toISOString(), machine, count, rounds, rows: results }, null, 2)}\n`,
);
if (results.some((row) => row.checks.some((check) => !check.holds))) process.exitCode = 1;
