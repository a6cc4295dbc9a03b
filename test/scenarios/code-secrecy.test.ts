/** A mailed code is in the mail and nowhere else: not in what the server logs, at its most talkative, and not in its database. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { sunkCode } from "./approvals.ts";
import { type ChildServer, kill, ready, spawnServer } from "./child-server.ts";
import { callApi } from "./load.ts";

let folder: string;
let sink: SmtpSink;
let server: ChildServer;
let known: FirstRunFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "multimail-codes-"));
  sink = await startSink();
  server = spawnServer({
    MULTIMAIL_DATA: folder,
    MULTIMAIL_PORT: "0",
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
    MULTIMAIL_LOG_LEVEL: "debug",
  });
  known = await ready(server, folder);
});

afterAll(async () => {
  await kill(server);
  await sink.close();
  await rm(folder, { recursive: true, force: true });
});

const call = async (path: string, body: object): Promise<{ status: number; text: string }> => {
  const answer = await callApi(known, known.admin_key, path, body);
  return { status: answer.status, text: await answer.text() };
};

test("codes for a mode and for a change stand in no log line and no answer, tried rightly or wrongly", async () => {
  const box = `/v1/mailboxes/${known.mailbox_id}`;
  const said: string[] = [];
  const say = async (path: string, body: object): Promise<number> => {
    const { status, text } = await call(path, body);
    said.push(text);
    return status;
  };
  expect(await say(`${box}/request-upgrade`, { target_mode: "autonomous" })).toBe(202);
  const code = await sunkCode(sink, "autonomous", known.mailbox_id);
  expect(await say(`${box}/upgrade`, { code: `${code}X` })).toBe(403);
  expect(await say(`${box}/upgrade`, { code })).toBe(200);
  expect(await say(`${box}/upgrade`, { code })).toBe(403);

  const wish = { name: "made by a key", scopes: ["read"] };
  expect(await say("/v1/api-keys", wish)).toBe(202);
  const approval_code = await sunkCode(sink, "made by a key");
  expect(await say("/v1/api-keys", { ...wish, name: "another", approval_code })).toBe(403);
  expect(await say("/v1/api-keys", { ...wish, approval_code })).toBe(201);

  const log = server.output();
  expect(log).not.toBe("");
  for (const one of [code, approval_code])
    for (const spelling of [one, one.replace("-", ""), one.toLowerCase()]) {
      expect(log).not.toContain(spelling);
      expect(said.join("\n")).not.toContain(spelling);
    }
});
