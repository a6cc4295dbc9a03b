/** The log as it is exported: whole, walled, bounded in memory, safe in a spreadsheet, and verified without the server; reputation by hash. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runAuditVerify } from "../../src/cli/audit-verify.ts";
import { tarEnd, tarFile } from "../../src/core/tar.ts";
import { hashOf } from "./compliance-rows.ts";
import { countRows, erasureIs, freshOwner, linesOf } from "./compliance-people.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let keys: OwnerKeys;
let folder: string;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  keys = await ownerKeys(node);
  folder = await mkdtemp(join(tmpdir(), "multimail-export-"));
});
afterAll(async () => {
  await node.close();
  await running.stop();
  await rm(folder, { recursive: true, force: true });
});

const audit = (path: string, key = running.known.admin_key): Promise<Answer> =>
  running.call(key, `/v1/audit-log${path}`);

/** Entries as a busy year leaves them. */
function fill(count: number): Promise<void> {
  return node.asOwner(`
    INSERT INTO log_entry (operator_id, entry_id, type, actor_kind, actor_id, resource, mailbox_id, thread_id, at, body)
    SELECT '${node.operator_id}', '00000000' || lpad(n::text, 18, '0'), 'test.filled', 'system', '=1+1', NULL, NULL, NULL, now() - interval '1 day',
      convert_to('{"actor":{"id":"=1+1","kind":"system"},"at":"2026-01-01T00:00:00.000Z","data":{"filling":"' || repeat('x', 400) || '"},"mailbox":null,"resource":null,"thread":null,"type":"test.filled","v":1}', 'UTF8')
    FROM generate_series(1, ${count}) n`);
}

describe("the log's export", () => {
  test("has every entry once, in order, as lines and as a table; filters and walls hold as in the list", async () => {
    await running.send();
    await expect.poll(() => countRows(node, "log_pending"), { timeout: 10_000 }).toBe(0);
    const lines = linesOf((await audit("/export")).body);
    expect(lines.length).toBe(await countRows(node, "log_entry"));
    const ids = lines.map((line) => String(line["id"]));
    expect(ids).toEqual(ids.toSorted());
    const csv = await audit("/export?format=csv");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.body.trim().split("\r\n")).toHaveLength(lines.length + 1);
    const sent = linesOf((await audit("/export?action=message.submitted")).body);
    expect(sent).toHaveLength(1);
    const bound = await keys.make(["audit"], { mailbox_ids: [running.known.mailbox_id] });
    const seen = linesOf((await audit("/export", bound.secret)).body);
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every((line) => line["mailbox_id"] === running.known.mailbox_id)).toBe(true);
    expect((await audit("/export?format=bundle", bound.secret)).status).toBe(403);
    const other = await node.found("elsewhere");
    const theirs = (await audit("/export", other.admin_key)).body;
    expect(theirs).not.toContain(node.operator_id);
    expect((await audit("/export?format=bundle&actor=x")).body.field).toBe("actor");
    expect(
      (await audit("/export?from=2026-01-01T00:00:00Z&date_after=2025-01-01T00:00:00Z")).status,
    ).toBe(400);
  });

  test("its bundle unpacks with tar and verifies without the server, also after an erasure; one changed byte does not", async () => {
    const { body } = await running.send({ to: ["eve@example.com"] });
    await running.decide(body.id, "approve");
    await running.settled(body.id, "delivered");
    const owner = await freshOwner(node);
    const { erasure_id } = await node.engine.requestErasure(owner, {
      address: "eve@example.com",
      reference: null,
    });
    await erasureIs(running, erasure_id, "settling");
    await expect.poll(() => countRows(node, "log_pending"), { timeout: 10_000 }).toBe(0);
    const archive = join(folder, "log.tar");
    const reply = await fetch(`${running.known.url}/v1/audit-log/export?format=bundle`, {
      headers: { authorization: `Bearer ${running.known.admin_key}` },
    });
    await writeFile(archive, Buffer.from(await reply.arrayBuffer()));
    const unpacked = spawnSync("tar", ["xf", archive, "-C", folder]);
    expect(unpacked.stderr.toString()).toBe("");
    expect(await verify()).toBe(0);
    const tile = join(folder, "tile/entries/000.p");
    const [part] = (await import("node:fs")).readdirSync(tile);
    const path = join(tile, part ?? "");
    const bytes = await readFile(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await verify()).toBe(30);
  });

  async function verify(): Promise<number> {
    const said: string[] = [];
    const to = { write: (text: string) => said.push(text) > 0, isTTY: false };
    return runAuditVerify([folder, "--keys", join(folder, "keys.json")], {
      stdout: to,
      stderr: to,
      env: {},
      fetch: () => Promise.reject(new Error("no network")),
      now: () => new Date(),
      read_file: (file: string) => readFile(file),
      write_file: () => Promise.reject(new Error("it only reads")),
    } as never);
  }

  test("a table is safe in a spreadsheet, and a long log takes no more memory than a short one", async () => {
    const count = Number(process.env["MULTIMAIL_TEST_ENTRIES"] ?? 20_000);
    await fill(count);
    const reply = await fetch(
      `${running.known.url}/v1/audit-log/export?format=csv&action=test.filled`,
      {
        headers: { authorization: `Bearer ${running.known.admin_key}` },
      },
    );
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let most = 0;
    let lines = 0;
    let bytes = 0;
    let first = "";
    for await (const chunk of reply.body ?? []) {
      const text = Buffer.from(chunk).toString("latin1");
      if (first.length < 2000) first += text;
      bytes += chunk.length;
      lines += text.split("\r\n").length - 1;
      most = Math.max(most, process.memoryUsage().rss - before);
    }
    expect(lines).toBe(count + 1);
    expect(first.split("\r\n")[1]).toContain(",system,'=1+1,");
    // Reader and server are this one process.
    expect(bytes).toBeGreaterThan(500 * count);
    expect(most, `${most} bytes more for ${bytes} bytes`).toBeLessThan(250_000_000);
    await node.asOwner(
      "ALTER TABLE log_entry DISABLE TRIGGER USER; DELETE FROM log_entry WHERE type = 'test.filled'; ALTER TABLE log_entry ENABLE TRIGGER USER",
    );
  }, 600_000);

  test("whoever goes away ends it", async () => {
    await fill(20_000);
    const gone = new AbortController();
    const reply = await fetch(`${running.known.url}/v1/audit-log/export`, {
      headers: { authorization: `Bearer ${running.known.admin_key}` },
      signal: gone.signal,
    });
    await reply.body?.getReader().read();
    gone.abort();
    expect((await audit("?limit=1")).status).toBe(200);
  });

  test("the archive's form is what tar reads: a name, a size, a sum", async () => {
    const file = join(folder, "small.tar");
    const at = new Date("2026-01-02T03:04:05Z");
    await writeFile(file, Buffer.concat([tarFile("a/b.txt", Buffer.from("hello"), at), tarEnd()]));
    const { stdout } = spawnSync("tar", ["--utc", "-tvf", file]);
    expect(stdout.toString()).toMatch(/-rw-r--r-- 0\/0\s+5 2026-01-02 03:04 a\/b.txt/);
    expect(() => tarFile("ä", Buffer.alloc(0), at)).toThrow(RangeError);
    expect(() => tarFile("x".repeat(101), Buffer.alloc(0), at)).toThrow(RangeError);
  });
});

describe("reputation", () => {
  const ask = (hash: string): Promise<Answer> =>
    running.call(null, `/.well-known/reputation/${hash}`);

  test("tells whoever knows the address how its mailbox fares, in words without figures", async () => {
    const hash = hashOf(running.known.mailbox_address.toUpperCase());
    const days = (handed: number, bounced: number): Promise<void> =>
      node.asOwner(
        `INSERT INTO mailbox_day (operator_id, mailbox_id, day, handed, bounced) VALUES ('${node.operator_id}', '${running.known.mailbox_id}', current_date, ${handed}, ${bounced})
         ON CONFLICT (operator_id, mailbox_id, day) DO UPDATE SET handed = excluded.handed, bounced = excluded.bounced`,
      );
    const standing = async (): Promise<string> => (await ask(hash)).body.standing;
    const { status, body } = await ask(hash);
    expect(status).toBe(200);
    expect(body).toMatchObject({ hash, standing: "new", oversight: "gated_send" });
    expect(body.since).toMatch(/-01T00:00:00\.000Z$/);
    expect(JSON.stringify(body)).not.toContain(running.known.mailbox_id);
    await days(1000, 10);
    expect(await standing()).toBe("good");
    await days(1000, 40);
    expect(await standing()).toBe("fair");
    await days(1000, 60);
    expect(await standing()).toBe("poor");
    await node.asOwner("UPDATE mailbox SET paused_at = now()");
    expect(await standing()).toBe("paused");
  });

  test("tells nothing of other addresses", async () => {
    expect((await ask(hashOf("nobody@example.com"))).status).toBe(404);
    expect((await ask("x")).status).toBe(400);
    expect((await ask("A".repeat(64))).status).toBe(400);
  });
});
