/** The load generator's own process: sends, or sends and approves, over kept connections; told by IPC, answers by IPC. */
import { randomBytes } from "node:crypto";
import { type Connection, openConnection } from "./http-connection.ts";

/** What to do. */
export type LoadJob = {
  kind: "send" | "gated";
  url: string;
  mailbox_id: string;
  agent_key: string;
  oversight_key: string;
  count: number;
  connections: number;
  /** Bytes of markdown, and of an attachment (0 for none). */
  markdown: number;
  attachment: number;
};

/** What was seen. */
export type LoadResult = { seconds: number; latencies: number[]; cpu_seconds: number };

const sentence =
  "The parcel left our warehouse this morning and will reach you within two working days. ";

/** The body of the n-th request: every message has another recipient and another text. */
function bodies(job: LoadJob): (n: number) => string {
  const run = randomBytes(4).toString("hex");
  const text = sentence
    .repeat(Math.ceil(job.markdown / sentence.length))
    .slice(0, job.markdown - 24);
  const attachments =
    job.attachment === 0
      ? {}
      : {
          attachments: [
            {
              filename: "report.pdf",
              content_type: "application/pdf",
              content: randomBytes(job.attachment).toString("base64"),
            },
          ],
        };
  return (n) =>
    JSON.stringify({
      to: [`person-${run}-${n}@recipients.example.net`],
      subject: `Your order ${n}`,
      markdown: `Order ${n}, run ${run}.\n\n${text}`,
      ...attachments,
    });
}

/** Runs `count` sends over the connections and measures each. */
async function sendAll(
  job: LoadJob,
  connections: readonly Connection[],
  after: (n: number, id: string) => Promise<void>,
): Promise<number[]> {
  const body = bodies(job);
  const path = `/v1/mailboxes/${job.mailbox_id}/send`;
  const latencies: number[] = [];
  let next = 0;
  await Promise.all(
    connections.map(async (connection) => {
      for (let n = next++; n < job.count; n = next++) {
        const begun = performance.now();
        const answer = await connection.request("POST", path, job.agent_key, body(n));
        latencies.push(performance.now() - begun);
        if (answer.status !== 202)
          throw new Error(`send answered ${answer.status}: ${answer.body.slice(0, 300)}`);
        await after(n, (JSON.parse(answer.body) as { id: string }).id);
      }
    }),
  );
  return latencies;
}

/** An overseer: lists what is pending and approves each message by a call of its own, by the digest that was seen. */
async function overseer(
  job: LoadJob,
  connections: readonly Connection[],
  undecided: Map<string, () => void>,
  done: () => boolean,
): Promise<void> {
  const [list] = connections;
  if (!list) throw new Error("no connection");
  while (!done()) {
    const answer = await list.request("GET", "/v1/oversight/pending?limit=64", job.oversight_key);
    const { emails } = JSON.parse(answer.body) as { emails: { id: string; digest: string }[] };
    if (emails.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const waiting = [...emails];
    await Promise.all(
      connections.map(async (connection) => {
        for (let email = waiting.shift(); email; email = waiting.shift()) {
          const body = JSON.stringify({
            email_id: email.id,
            decision: "approve",
            digest: email.digest,
          });
          const decided = await connection.request(
            "POST",
            "/v1/oversight/decide",
            job.oversight_key,
            body,
          );
          if (decided.status !== 200)
            throw new Error(`decide answered ${decided.status}: ${decided.body.slice(0, 300)}`);
          undecided.get(email.id)?.();
          undecided.delete(email.id);
        }
      }),
    );
  }
}

async function run(job: LoadJob): Promise<LoadResult> {
  const { hostname, port } = new URL(job.url);
  const open = (count: number): Promise<Connection[]> =>
    Promise.all(Array.from({ length: count }, () => openConnection(hostname, Number(port))));
  const connections = await open(job.connections);
  const overseers = job.kind === "gated" ? await open(job.connections) : [];
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const undecided = new Map<string, () => void>();
  let finished = false;
  const overseeing =
    job.kind === "gated" ? overseer(job, overseers, undecided, () => finished) : null;
  // A message counts as in flight until it has been approved: the next is written only then.
  const latencies = await sendAll(job, connections, (_n, id) =>
    overseeing === null
      ? Promise.resolve()
      : new Promise<void>((resolve) => undecided.set(id, resolve)),
  );
  finished = true;
  await overseeing;
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - begun) / 1000;
  for (const connection of [...connections, ...overseers]) connection.close();
  return { seconds, latencies, cpu_seconds: (used.user + used.system) / 1e6 };
}

process.on("message", (job: LoadJob) => {
  run(job).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`load: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
