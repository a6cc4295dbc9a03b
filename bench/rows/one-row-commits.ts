/** What accepting is compared with: a process that inserts one comparable row with one commit for each request. */
import { randomBytes } from "node:crypto";
import pg from "pg";

/** How many rows, how large, over how many connections. */
export type CommitJob = {
  socket_folder: string;
  connections: number;
  count: number;
  bytes: number;
};

/** What was seen, in milliseconds. */
export type CommitResult = { latencies: number[] };

const table = `CREATE TABLE IF NOT EXISTS bench_row (
  operator_id text NOT NULL, message_id text NOT NULL, mailbox_id text NOT NULL, status text NOT NULL, recipient text NOT NULL,
  subject text NOT NULL, created_at timestamptz NOT NULL, mime bytea NOT NULL, PRIMARY KEY (operator_id, message_id))`;
const insert = "INSERT INTO bench_row VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

async function run(job: CommitJob): Promise<CommitResult> {
  const clients = Array.from(
    { length: job.connections },
    () =>
      new pg.Client({
        host: job.socket_folder,
        port: 5432,
        user: "postgres",
        database: "multimail",
        ssl: false,
      }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  await clients[0]?.query(table);
  const mime = randomBytes(job.bytes);
  const run = randomBytes(6).toString("hex");
  const latencies: number[] = [];
  let next = 0;
  await Promise.all(
    clients.map(async (client) => {
      for (let n = next++; n < job.count; n = next++) {
        const begun = performance.now();
        const values = [
          "operator",
          `${run}-${n}`,
          "mailbox",
          "queued",
          `person-${n}@example.net`,
          `Your order ${n}`,
          new Date(),
          mime,
        ];
        await client.query({ name: "insert", text: insert, values });
        latencies.push(performance.now() - begun);
      }
    }),
  );
  await Promise.all(clients.map((client) => client.end()));
  return { latencies };
}

process.on("message", (job: CommitJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`one-row-commits: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
