/** Several nodes on one database, each with one role: mail taken by one is opened by another and read at a third. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { FirstRunFile } from "../../src/first-run.ts";
import { type ChildServer, freePorts, spawnServer } from "./child-server.ts";
import { freePort } from "./load.ts";
import { type OwnServer, startOwnServer } from "./own-server.ts";

const home = mkdtempSync(join(tmpdir(), "multimail-roles-"));
const masterKey = randomBytes(32).toString("hex");

let database: OwnServer;
let databaseUrl: string;
let apiPort: number;
let smtpPort: number;
let known: FirstRunFile;
const running = new Map<string, ChildServer>();

async function startNode(role: string): Promise<ChildServer> {
  const node = spawnServer({
    ...freePorts,
    DATABASE_URL: databaseUrl,
    MULTIMAIL_MASTER_KEY: masterKey,
    MULTIMAIL_DATA: join(home, role),
    MULTIMAIL_ROLES: role,
    MULTIMAIL_PORT: String(apiPort),
    MULTIMAIL_SMTP_PORT: String(smtpPort),
  });
  running.set(role, node);
  for (const end = Date.now() + 30_000; !node.output().includes("MultiMail is ready");) {
    if (node.process.exitCode !== null || Date.now() > end)
      throw new Error(`the ${role} node did not start: ${node.output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return node;
}

/** As an operator stops it; everything begun is finished. */
async function stopNode(role: string): Promise<void> {
  const node = running.get(role);
  running.delete(role);
  node?.process.kill("SIGTERM");
  expect(await node?.ended).toBe(0);
}

beforeAll(async () => {
  database = await startOwnServer("embedded");
  databaseUrl = await database.makeDatabase("roles", "CREATEROLE");
  [apiPort, smtpPort] = [await freePort(), await freePort()];
  await startNode("api");
  await Promise.all([startNode("smtp"), startNode("worker")]);
  known = JSON.parse(await readFile(join(home, "api", "first-run.json"), "utf8")) as FirstRunFile;
}, 90_000);
afterAll(async () => {
  await Promise.all(Array.from(running.keys(), stopNode));
  await database?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function inbox(): Promise<{ subject: string; received_at: string }[]> {
  const found: { subject: string; received_at: string }[] = [];
  for (let cursor = ""; ;) {
    const response = await fetch(
      `http://127.0.0.1:${apiPort}/v1/mailboxes/${known.mailbox_id}/emails?direction=inbound&limit=100${cursor}`,
      { headers: { authorization: `Bearer ${known.agent_key}` } },
    );
    const page = (await response.json()) as { emails: typeof found; next_cursor: string | null };
    found.push(...page.emails);
    if (page.next_cursor === null) return found;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}

async function mail(subject: string): Promise<boolean> {
  const transport = createTransport({
    host: "127.0.0.1",
    port: smtpPort,
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  try {
    const to = known.mailbox_address;
    await transport.sendMail({ from: "ada@example.com", to, subject, text: `Text of ${subject}.` });
    return true;
  } catch {
    return false;
  } finally {
    transport.close();
  }
}

test("mail taken by the smtp node is opened by the worker node and read at the api node within seconds", async () => {
  expect(await mail("across")).toBe(true);
  await expect
    .poll(async () => (await inbox()).map((one) => one.subject), { timeout: 6000 })
    .toEqual(["across"]);
  // Only who takes requests listens for them, and each SMTP node says where it takes mail.
  expect(running.get("smtp")?.output()).toContain(`SMTP on 127.0.0.1:${smtpPort}`);
  expect(running.get("worker")?.output()).not.toContain("SMTP on 127.0.0.1:" + smtpPort);
});

test("each node stops in order while mail comes in, and what was answered with 250 is there once", async () => {
  const taken: string[] = [];
  let stop = false;
  const writer = async (name: string): Promise<void> => {
    for (let n = 0; !stop; n++) if (await mail(`${name}-${n}`)) taken.push(`${name}-${n}`);
  };
  const writers = ["a", "b", "c"].map(writer);
  const more = async (count: number): Promise<void> => {
    const aim = taken.length + count;
    await expect.poll(() => taken.length >= aim, { timeout: 30_000 }).toBe(true);
  };
  for (const role of ["smtp", "worker", "api"]) {
    await more(15);
    await stopNode(role);
    // Mail is taken whoever else is away.
    if (role !== "smtp") await more(15);
    await startNode(role);
  }
  await more(5);
  stop = true;
  await Promise.all(writers);
  const subjects = async (): Promise<string[]> =>
    (await inbox()).map((one) => one.subject).filter((subject) => subject !== "across");
  await expect
    .poll(async () => new Set(await subjects()).size, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(taken.length);
  const there = await subjects();
  expect(taken.filter((subject) => !there.includes(subject))).toEqual([]);
  expect(there.length).toBe(new Set(there).size);
}, 120_000);
