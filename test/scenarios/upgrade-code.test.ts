/** More autonomy for a mailbox: asked for by an agent, let through by a code that a person was mailed, and by nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { promise } from "../promises.ts";
import { mailTo, mailedCode } from "./approvals.ts";
import { ownerKeys } from "./owner-keys.ts";
import { setMode } from "./people.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let running: Running;
let node: SecondNode;
let cookie: string;
let boxes = 0;

beforeAll(async () => {
  running = await run();
  node = await secondNode(running);
  cookie = await signIn(running);
});

afterAll(async () => {
  await node.close();
  await running.stop();
});

const agent = (): string => running.known.agent_key;
const freshBox = async (): Promise<string> => {
  const address = `box${boxes++}`;
  return (await running.call(running.known.admin_key, "/v1/mailboxes", { address })).body.id;
};
const ask = (box: string, target_mode: string, key = agent()): Promise<Answer> =>
  running.call(key, `/v1/mailboxes/${box}/request-upgrade`, { target_mode });
const apply = (box: string, code: string, key = agent()): Promise<Answer> =>
  running.call(key, `/v1/mailboxes/${box}/upgrade`, { code });
const modeOf = async (box: string): Promise<string> =>
  (await running.call(agent(), `/v1/mailboxes/${box}`)).body.oversight_mode;
const codeFor = (box: string): Promise<string> => mailedCode(running, box);
const wrong = (code: string): string => (code.startsWith("A") ? "B" : "A") + code.slice(1);

describe("a code for a freer mode", () => {
  test(promise("gate.upgrade-by-code"), async () => {
    const box = await freshBox();
    const asked = await ask(box, "autonomous");
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      status: "upgrade_requested",
      mode: "gated_send",
      target_mode: "autonomous",
    });
    expect(await modeOf(box)).toBe("gated_send");
    const code = await codeFor(box);
    const applied = await apply(box, code.toLowerCase().replace("-", ""));
    expect(applied.status).toBe(200);
    expect(applied.body).toMatchObject({ status: "upgraded", mode: "autonomous" });
    expect(await modeOf(box)).toBe("autonomous");
    expect((await apply(box, code)).body.code).toBe("invalid_code");
  });

  test("the mail says which mailbox, from which mode to which, and who asks", async () => {
    const box = await freshBox();
    await ask(box, "monitored");
    const code = await codeFor(box);
    const mail = (await mailTo(running, "oversight@")).find((text) => text.includes(code)) ?? "";
    for (const word of ["gated_send", "monitored", "API key"]) expect(mail).toContain(word);
    expect(mail).toContain("Auto-Submitted: auto-generated");
  });

  test("guessed wrongly five times it is dead, even for the right one", async () => {
    const box = await freshBox();
    await ask(box, "autonomous");
    const code = await codeFor(box);
    for (let i = 0; i < 5; i++) expect((await apply(box, wrong(code))).status).toBe(403);
    const sixth = await apply(box, code);
    expect(sixth.status).toBe(403);
    expect(sixth.body.code).toBe("invalid_code");
    expect(await modeOf(box)).toBe("gated_send");
  });

  test("of several who bring it at the same time one has it", async () => {
    const box = await freshBox();
    await ask(box, "autonomous");
    const code = await codeFor(box);
    const answers = await Promise.all(Array.from({ length: 5 }, () => apply(box, code)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200, 403, 403, 403, 403,
    ]);
    const log = await entries("mailbox.mode_changed", box);
    expect(log).toHaveLength(1);
  });

  test("of another mailbox it is none, and of another operator neither", async () => {
    const [box, another] = [await freshBox(), await freshBox()];
    await ask(box, "autonomous");
    await ask(another, "monitored");
    const [code, others] = [await codeFor(box), await codeFor(another)];
    expect((await apply(box, others)).body.code).toBe("invalid_code");
    expect(await modeOf(box)).toBe("gated_send");
    const stranger = await node.found("stranger");
    expect((await apply(box, code, stranger.agent_key)).status).toBe(404);
    expect((await apply(stranger.mailbox_id, code, stranger.agent_key)).body.code).toBe(
      "invalid_code",
    );
    expect((await apply(box, code)).status).toBe(200);
  });

  test("after its time it is none", async () => {
    const box = await freshBox();
    await ask(box, "autonomous");
    const code = await codeFor(box);
    await node.asOwner(`UPDATE one_time_code SET expires_at = now() WHERE subject = '${box}'`);
    expect((await apply(box, code)).body.code).toBe("invalid_code");
  });

  test("whoever lowered the mailbox since is not overruled", async () => {
    const box = await freshBox();
    await ask(box, "autonomous");
    const code = await codeFor(box);
    await running.call(
      agent(),
      `/v1/mailboxes/${box}/configure`,
      { oversight_mode: "read_only" },
      { method: "PATCH" },
    );
    expect((await apply(box, code)).body.code).toBe("mode_raise_needs_person");
    expect(await modeOf(box)).toBe("read_only");
    // Nor is it kept for later.
    expect(await setMode(running, cookie, box, "gated_send")).toBe(303);
    expect((await apply(box, code)).body.code).toBe("invalid_code");
  });

  test("it never lowers what a person raised further", async () => {
    const box = await freshBox();
    await ask(box, "monitored");
    const code = await codeFor(box);
    expect(await setMode(running, cookie, box, "autonomous")).toBe(303);
    expect((await apply(box, code)).status).toBe(403);
    expect(await modeOf(box)).toBe("autonomous");
  });

  test("it stands in no answer, log entry or event; who asked and that a code approved does", async () => {
    const box = await freshBox();
    const asked = await ask(box, "autonomous");
    const code = await codeFor(box);
    const applied = await apply(box, code);
    const log = await node.as((tx) =>
      tx.named<{ text: string }>(
        "all_records",
        `SELECT convert_from(body, 'UTF8') AS text FROM log_entry UNION ALL SELECT row_to_json(e)::text FROM event e
         UNION ALL SELECT row_to_json(c)::text FROM one_time_code c`,
        [],
      ),
    );
    const everything = JSON.stringify([asked.body, applied.body, log]);
    expect(everything).not.toContain(code);
    expect(everything).not.toContain(code.replace("-", ""));
    const [entry] = await entries("mailbox.mode_changed", box);
    expect(entry).toMatchObject({ from: "gated_send", to: "autonomous", approved_by: "code" });
    expect(entry?.["requested_by"]).toMatchObject({ kind: "api_key" });
  });
});

describe("who may ask", () => {
  test("an hour sees three requests for a mailbox, whoever asks, and three mails", async () => {
    const box = await freshBox();
    const keys = [agent(), running.known.admin_key];
    const answers: number[] = [];
    for (let i = 0; i < 6; i++) answers.push((await ask(box, "autonomous", keys[i % 2])).status);
    expect(answers).toEqual([202, 202, 202, 429, 429, 429]);
    const limited = await ask(box, "autonomous");
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(3000);
    await codeFor(box);
    const mails = await node.as((tx) =>
      tx.named<{ n: string }>(
        "mails",
        "SELECT count(*) AS n FROM one_time_code WHERE subject = $1",
        [box],
      ),
    );
    expect(mails[0]?.n).toBe("3");
  });

  test("a key without send or admin, and a test key, do not ask", async () => {
    const box = await freshBox();
    const keys = await ownerKeys(node);
    const reader = (await keys.make(["read", "oversight"])).secret;
    expect((await ask(box, "autonomous", reader)).body.code).toBe("scope_required");
    const tester = (await keys.make(["read", "send"], { test: true })).secret;
    expect((await ask(box, "autonomous", tester)).body.code).toBe("test_key");
    const bound = (await keys.make(["read", "send"], { mailbox_ids: [running.known.mailbox_id] }))
      .secret;
    expect((await ask(box, "autonomous", bound)).status).toBe(404);
  });

  test("what is no raise is refused, with the way to lower a mode", async () => {
    const box = await freshBox();
    for (const mode of ["gated_send", "read_only"])
      expect((await ask(box, mode)).body).toMatchObject({
        code: "validation_failed",
        field: "target_mode",
      });
  });

  test("with nobody to mail to, or an address that agents read, it is refused", async () => {
    const box = await freshBox();
    const { body } = await running.call(agent(), "/v1/account");
    for (const address of [
      "NULL",
      `'${running.known.mailbox_address}'`,
      `'${running.known.mailbox_address.replace("@", "+x@").toUpperCase()}'`,
    ]) {
      await node.asOwner(`UPDATE operator SET oversight_address = ${address}`);
      const refused = await ask(box, "autonomous");
      expect(refused.body.code, address).toBe("mode_raise_needs_person");
      expect(refused.body.hint).toContain("owner or admin");
    }
    await node.asOwner(`UPDATE operator SET oversight_address = '${body.oversight_address}'`);
  });

  test("no key makes itself the mailbox that codes are mailed to", async () => {
    const { body } = await running.call(agent(), "/v1/account");
    const made = await running.call(running.known.admin_key, "/v1/mailboxes", {
      address: body.oversight_address,
    });
    expect(made.status).toBe(202);
    expect(made.body.status).toBe("approval_required");
  });
});

async function entries(type: string, box: string): Promise<Record<string, unknown>[]> {
  const rows = await node.as((tx) =>
    tx.named<{ body: Buffer }>(
      "entries_of",
      "SELECT body FROM log_entry WHERE type = $1 AND mailbox_id = $2",
      [type, box],
    ),
  );
  return rows.map(({ body }) => JSON.parse(body.toString()).data as Record<string, unknown>);
}
