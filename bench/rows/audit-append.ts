/** What the audit log costs a send: the engine as it is, against one whose database drops the appending statements. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { type Row, type Run, type Side, ratio } from "../figures.ts";
import { readConfig } from "../../src/config.ts";
import type { Actor } from "../../src/core/actor.ts";
import { createEngineContext } from "../../src/engine-context.ts";
import { type Engine, createEngine } from "../../src/engine/engine.ts";
import { settleFirstRun } from "../../src/first-run.ts";
import { openStorage } from "../../src/storage.ts";
import type { Database, Tx } from "../../src/store/database.ts";
import { startSequencer } from "../../src/workers/sequence.ts";
import type { Worker } from "../../src/workers/loop.ts";

/** Sends at once, as in the row `accept`. */
const atOnce = 64;

const appending = new Set(["append_entries", "append_openings"]);

/** Drops what would be appended to the log. Exists here only: the product has no such switch. */
function withoutAppend(database: Database): Database {
  const wrap = (tx: Tx): Tx => ({
    ...tx,
    named: (name, text, values) =>
      appending.has(name) ? Promise.resolve([]) : tx.named(name, text, values),
  });
  return {
    ...database,
    as: (operatorId, work) => database.as(operatorId, (tx) => work(wrap(tx))),
    transaction: (operatorId, work) => database.transaction(operatorId, (tx) => work(wrap(tx))),
  };
}

async function sends(
  engine: Engine,
  actor: Actor,
  mailbox_id: string,
  count: number,
): Promise<Run> {
  const markdown = "The parcel left our warehouse this morning. ".repeat(6);
  const begun = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let n = next++; n < count; n = next++)
        await engine.submit(actor, {
          mailbox_id,
          to: [`person-${begun}-${n}@example.net`],
          cc: [],
          bcc: [],
          subject: `Your order ${n}`,
          markdown,
          attachments: [],
          tags: {},
          metadata: {},
        });
    }),
  );
  return { value: (count * 1000) / (performance.now() - begun) };
}

/** In turn, round after round, on one database; the sequencer runs beside both. */
export async function auditAppend(options: { count: number; rounds: number }): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), "multimail-bench-"));
  const config = readConfig({
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: "0",
    MULTIMAIL_SMTP_PORT: "0",
  });
  const log = pino({ level: "silent" });
  const storage = await openStorage(config, log);
  let sequencer: Worker | null = null;
  const wake = {
    deliver: () => undefined,
    receive: () => undefined,
    service_mail: () => undefined,
    timers: () => undefined,
    sequence: () => sequencer?.wake(),
  };
  const { context, public_url } = await createEngineContext(config, storage, log, wake);
  const engine = createEngine(context);
  const stubbed = createEngine({ ...context, database: withoutAppend(storage.database) });
  const ours: Side = { name: "with the log", runs: [] };
  const theirs: Side = { name: "append stubbed out", runs: [] };
  try {
    const { agent_key, mailbox_id } = await settleFirstRun(config, context, engine, public_url);
    const actor = await engine.authenticate(agent_key ?? "");
    if (!actor || mailbox_id === null) throw new Error("the first run left no key");
    sequencer = startSequencer({ engine, log });
    for (let round = -1; round < options.rounds; round++) {
      const count = round < 0 ? 500 : options.count;
      const [full, less] = [
        await sends(engine, actor, mailbox_id, count),
        await sends(stubbed, actor, mailbox_id, count),
      ];
      if (round < 0) continue;
      ours.runs.push(full);
      theirs.runs.push(less);
    }
  } finally {
    await sequencer?.stop();
    await storage.close();
    await rm(folder, { recursive: true, force: true });
  }
  const sides = [ours, theirs];
  return {
    row: "audit-append",
    what: `${options.count} submissions inside the engine, ${atOnce} at once, gated mailbox`,
    unit: "msg/s",
    sides,
    checks: ratio({ sides }, theirs.name, 0.85),
    notes: [],
  };
}
