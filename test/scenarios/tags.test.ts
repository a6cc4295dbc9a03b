/** Tags of a message: merged, bounded, deleted by name, and no part of the mail. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ModedInstance, modedInstance } from "./moded-instance.ts";
import { keyOf } from "./owner-keys.ts";
import type { Answer } from "./running.ts";

let it: ModedInstance;
beforeAll(async () => {
  it = await modedInstance();
});
afterAll(() => it.stop());

const tags = (
  box: string,
  id: string,
  method: string,
  body?: object,
  path = "",
  key = it.running.known.agent_key,
): Promise<Answer> =>
  it.running.call(key, `/v1/mailboxes/${box}/emails/${id}/tags${path}`, body, { method });

describe("tags", () => {
  test("are added and changed by name, deleted by name, and the others stay", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box, { tags: { a: "1" } })).body;
    expect((await tags(box, id, "GET")).body).toEqual({ id, tags: { a: "1" } });
    expect((await tags(box, id, "PUT", { tags: { a: "2", "b.c": "3" } })).body.tags).toEqual({
      a: "2",
      "b.c": "3",
    });
    expect((await tags(box, id, "POST", { tags: { d: "4" } })).body.tags).toEqual({
      a: "2",
      "b.c": "3",
      d: "4",
    });
    expect((await tags(box, id, "DELETE", undefined, "/b.c")).body.tags).toEqual({
      a: "2",
      d: "4",
    });
    expect((await tags(box, id, "DELETE", undefined, "/b.c")).status).toBe(404);
    expect((await tags(box, id, "DELETE", undefined, "/toString")).status).toBe(404);
  });

  test("set at the same moment all stay", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box)).body;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => tags(box, id, "PUT", { tags: { [`k${i}`]: "v" } })),
    );
    expect(Object.keys((await tags(box, id, "GET")).body.tags)).toHaveLength(20);
  });

  test("are at most 50, however they come together", async () => {
    const box = await it.mailboxIn("gated_all");
    const many = (from: number, n: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${from + i}`, "v"]));
    const { id } = (await it.send(box, { tags: many(0, 40) })).body;
    expect((await tags(box, id, "PUT", { tags: many(40, 11) })).body).toMatchObject({
      code: "validation_failed",
      field: "tags",
    });
    expect((await tags(box, id, "PUT", { tags: many(30, 20) })).status).toBe(200);
    for (const wrong of [{ "a b": "x" }, { a: 1 }, { a: "x".repeat(501) }, many(0, 51)])
      expect((await tags(box, id, "PUT", { tags: wrong })).status).toBe(400);
    expect(Object.keys((await tags(box, id, "GET")).body.tags)).toHaveLength(50);
  });

  test("change nothing of the message: digest, approvals and evidence stay", async () => {
    const box = await it.mailboxIn("gated_all");
    const { id, digest } = await it.read(box, (await it.send(box)).body.id);
    await tags(box, id, "PUT", { tags: { secret: "value" } });
    expect(await it.read(box, id)).toMatchObject({ digest, status: "pending_send_approval" });
    await it.running.decide(id, "approve");
    const [copy] = it.copiesOf(await it.reaches(box, id, "sent"));
    expect(copy?.data.toString("latin1")).not.toContain("secret");
    // Also once it has left.
    expect((await tags(box, id, "PUT", { tags: { late: "x" } })).status).toBe(200);
    const log = await it.running.call(it.running.known.oversight_key, "/v1/audit-log?limit=100");
    const entry = log.body.entries.find(
      ({ type, resource }: Record<string, string>) =>
        type === "message.tagged" && resource === `tags/${id}`,
    );
    expect(entry.data).toEqual({ tags: ["late"] });
  });

  test("of live mail are no test key's, and of mail elsewhere nobody's", async () => {
    const box = await it.mailboxIn("gated_all");
    const other = await it.mailboxIn("gated_all");
    const { id } = (await it.send(box)).body;
    const made = await keyOf(it.node, ["read", "send"], { test: true });
    const put = { tags: { a: "b" } };
    expect((await tags(box, id, "PUT", put, "", made)).body.code).toBe("test_key");
    expect((await tags(other, id, "PUT", put)).status).toBe(404);
    expect((await tags(other, id, "GET")).status).toBe(404);
    const stranger = (await it.node.found("tagger")).agent_key;
    expect((await tags(box, id, "PUT", put, "", stranger)).status).toBe(404);
    expect((await tags(box, id, "GET")).body.tags).toEqual({});
  });
});
