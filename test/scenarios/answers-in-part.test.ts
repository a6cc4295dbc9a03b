/** Mail to many of whom one keeps us waiting: the others' answers are kept at once, and after a crash only that one is tried again. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { verifyBundle } from "../../src/audit/bundle.ts";
import type { Bundle } from "../../src/audit/bundle-format.ts";
import type { FirstRunFile } from "../../src/first-run.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type ChildServer, freePorts, kill, ready, spawnServer } from "./child-server.ts";
import { callApi, freePort } from "./load.ts";
import { noNotices } from "./owner-statement.ts";

type Read = {
  status: string;
  recipients: {
    address: string;
    status: string;
    attempts: number;
    receipt: { outcome: string } | null;
  }[];
};

let folder: string;
let sink: SmtpSink;
let server: ChildServer;
let known: FirstRunFile;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-part-"));
  sink = await startSink();
  env = {
    ...freePorts,
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: String(await freePort()),
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  };
  server = spawnServer(env);
  known = await ready(server, folder);
  // So that what hangs is one of the six, and no notice.
  await noNotices(folder);
});

afterAll(async () => {
  server.process.kill("SIGTERM");
  await server.ended;
  await sink.close();
  await rm(folder, { recursive: true, force: true });
});

const people = Array.from({ length: 6 }, (_, i) => `r${i}@example.com`);

const place = (): string => `/v1/mailboxes/${known.mailbox_id}`;

async function read(id: string): Promise<Read> {
  const answer = await callApi(known, known.agent_key, `${place()}/emails/${id}`);
  return (await answer.json()) as Read;
}

/** How often each of them was named to the relay. */
function asked(): number[] {
  const said = sink.connections
    .flatMap(({ reads }) => reads.map((chunk) => chunk.toString("latin1")))
    .join("");
  return people.map((address) => said.split(`RCPT TO:<${address}>`).length - 1);
}

test("five of six have answered: their receipts are there while the sixth hangs, and a crash sends nothing to them again", async () => {
  const draft = { to: people, subject: "To six", markdown: "Some *text*." };
  const sent = await callApi(known, known.agent_key, `${place()}/send`, draft);
  const { id } = (await sent.json()) as { id: string };
  const decision = { email_id: id, decision: "approve" };
  sink.fault("dot", "hang", { times: 1 });
  expect((await callApi(known, known.oversight_key, "/v1/oversight/decide", decision)).status).toBe(
    200,
  );
  const open = async (): Promise<number> =>
    (await read(id)).recipients.filter(({ status }) => status === "pending").length;
  await expect.poll(open, { timeout: 30_000 }).toBe(1);
  const before = await read(id);
  expect(before.status).toBe("sending");
  const hanging = before.recipients.find(({ status }) => status === "pending");
  expect(hanging).toMatchObject({ attempts: 0, receipt: null });
  for (const one of before.recipients)
    if (one !== hanging)
      expect(one).toMatchObject({ status: "sent", attempts: 1, receipt: { outcome: "accepted" } });

  await kill(server);
  sink.heal();
  server = spawnServer(env);
  known = await ready(server, folder);
  await expect.poll(async () => (await read(id)).status, { timeout: 30_000 }).toBe("sent");
  const after = await read(id);
  expect(after.recipients.map(({ status }) => status)).toEqual(people.map(() => "sent"));
  expect(asked()).toEqual(people.map((address) => (address === hanging?.address ? 2 : 1)));

  const path = `${place()}/emails/${id}/proof`;
  const bundle = (await (await callApi(known, known.agent_key, path)).json()) as Bundle;
  const report = await verifyBundle(bundle, { pinned: bundle.keys, now: new Date() });
  expect(report.checks.filter(({ status }) => status === "fail")).toEqual([]);
});
