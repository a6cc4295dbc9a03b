/** The whole road: from the injector's start until the sink has counted every message, both sides durable. */
import { ended, until } from "../child.ts";
import { type Row, type Side, atMost, of, ratio } from "../figures.ts";
import { type Injector, type Size, jobFor } from "../injector.ts";
import { measure, rest } from "../measure.ts";
import { type Server, openServer } from "../multimail.ts";
import { type Signer, openPostfix, postfixMissing } from "../postfix.ts";
import type { Sink } from "../sink.ts";

/** What the rows that end in a sink are given. */
export type RoadOptions = {
  count: number;
  rounds: number;
  injector: Injector;
  sink: Sink;
  /** Requests in flight on our side; smtp-source has 20 sessions. */
  connections: number;
};

/** Before each run: enough to open connections and fill caches on either side. */
const warmUp = 200;

/** Environment of a server whose mail goes to the sink. */
export function towards(sink: Sink): Record<string, string> {
  return {
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  };
}

/** One run of ours on a server that is up. */
export async function runOurs(
  options: RoadOptions,
  server: Server,
  size: Size,
  kind: "send" | "gated" = "send",
) {
  const { injector, sink, connections } = options;
  const send = async (count: number): Promise<void> => {
    const goal = sink.count() + count;
    await injector.run(jobFor(server, kind, count, connections, size));
    await until("the sink has every message of ours", 300, () => sink.count() >= goal);
  };
  await send(warmUp);
  await rest(server.roots);
  const run = await measure({ system: server.roots, tools: [] }, options.count, () =>
    send(options.count),
  );
  return run;
}

async function runTheirs(options: RoadOptions, signer: Signer, size: Size) {
  const { sink, count } = options;
  const postfix = await openPostfix(signer, sink.port);
  try {
    const send = async (messages: number): Promise<void> => {
      const goal = sink.count() + messages;
      const source = postfix.inject(messages, size.payload);
      await until("the sink has every message of theirs", 600, () => sink.count() >= goal);
      await ended(source);
    };
    await send(warmUp);
    await rest(postfix.roots);
    const run = await measure({ system: postfix.roots, tools: [] }, count, () => send(count));
    const left = await postfix.left();
    if (left > 0) throw new Error(`${left} messages are left in Postfix's spool`);
    return run;
  } finally {
    await postfix.close();
  }
}

/** Ours and the three Postfixes in turn, round after round. */
export async function wholeRoad(options: RoadOptions, row: string, size: Size): Promise<Row> {
  const names: Record<Signer, string> = {
    rspamd: "Postfix + rspamd",
    opendkim: "Postfix + opendkim",
    nobody: "Postfix unsigned",
  };
  const ours: Side = { name: "MultiMail", runs: [] };
  const notes: string[] = [];
  const theirs = (Object.keys(names) as Signer[]).flatMap(
    (signer): { signer: Signer; side: Side }[] => {
      const missing = postfixMissing(signer);
      if (missing !== null) notes.push(`${names[signer]} ${missing}`);
      return missing === null ? [{ signer, side: { name: names[signer], runs: [] } }] : [];
    },
  );
  const server = await openServer(towards(options.sink));
  try {
    await server.setMode("autonomous");
    for (let round = 0; round < options.rounds; round++) {
      ours.runs.push(await runOurs(options, server, size));
      for (const { signer, side } of theirs) side.runs.push(await runTheirs(options, signer, size));
    }
  } finally {
    await server.close();
  }
  const sides = [ours, ...theirs.map(({ side }) => side)];
  return {
    row,
    what: `${options.count} messages of ${size.name}, REST send → log → DKIM ×2 + identity → SMTP → sink; ${options.connections} requests in flight against 20 sessions`,
    unit: "msg/s",
    sides,
    checks: [
      ...ratio({ sides }, names.rspamd, 2),
      ...ratio({ sides }, names.opendkim, 2),
      ...ratio({ sides }, names.nobody, 1),
      ...(size.name === "2 KB"
        ? [
            atMost(
              "CPU ms a message",
              of(ours, (run) => run.cpu_ms),
              1.8,
            ),
          ]
        : []),
    ],
    notes,
  };
}

/** Gated: every message is listed and approved by a call of its own; against the whole road without a gate. */
export async function gatedRoad(options: RoadOptions, size: Size): Promise<Row> {
  const gated: Side = { name: "gated, 64 in flight", runs: [] };
  const free: Side = { name: "whole road", runs: [] };
  const servers = [
    await openServer(towards(options.sink)),
    await openServer(towards(options.sink)),
  ] as const;
  try {
    await servers[1].setMode("autonomous");
    for (let round = 0; round < options.rounds; round++) {
      gated.runs.push(await runOurs({ ...options, connections: 64 }, servers[0], size, "gated"));
      free.runs.push(await runOurs(options, servers[1], size));
    }
  } finally {
    for (const server of servers) await server.close();
  }
  const sides = [gated, free];
  return {
    row: "gated-road-2k",
    what: `${options.count} messages of ${size.name}: send → list pending → approve each → sink`,
    unit: "msg/s",
    sides,
    checks: ratio({ sides }, "whole road", 0.6),
    notes: [],
  };
}
