/** The database's own word on standing policies, by direct SQL as the service role: who may let mail through, and for how long. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Attempts, attemptsOn } from "./wall-attempts.ts";
import {
  type Columns,
  type Wall,
  constraint,
  forbidden,
  fresh,
  insertEntry,
  insertMessage,
  openWall,
  wall,
} from "./wall-fixture.ts";

let held: Wall;
let app: pg.Client;
let code: Attempts["code"];
let run: Attempts["run"];
beforeAll(async () => {
  held = await openWall();
  ({ app } = held);
  ({ code, run } = attemptsOn(app));
  for (const operator of ["A", "B"])
    await held.root.query(
      "INSERT INTO person SELECT $1, p, p, p || '@x.example', p, now() FROM unnest(ARRAY['owner', 'admin', 'auditor']) p",
      [operator],
    );
});
afterAll(() => held.close());

// Each test is one transaction that is taken back.
beforeEach(() => app.query("BEGIN"));
afterEach(() => app.query("ROLLBACK"));

const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);

/** Inserts a rule; by default an admin's that lets everything of the gated_send mailbox through for a week. */
async function insertRule(columns: Columns = {}, client = app): Promise<string> {
  const row: Columns = {
    operator_id: "A",
    policy_id: fresh("r"),
    mailbox_id: "gated_send",
    position: 1,
    name: "rule",
    match: "{}",
    outcome: "allow",
    required: null,
    created_by: "person:admin",
    created_at: new Date(),
    updated_at: new Date(),
    expires_at: days(7),
    ...columns,
  };
  const names = Object.keys(row);
  await client.query(
    `INSERT INTO policy (${names.join(", ")}) VALUES (${names.map((_, i) => `$${i + 1}`).join(", ")})`,
    Object.values(row),
  );
  return String(row["policy_id"]);
}

const make = (columns: Columns): Promise<string | null> => code(() => insertRule(columns));

/** Tries to hand off under a rule. */
const handOff = (message: string, policy: string | null): Promise<string | null> =>
  code(async () => {
    const entry = fresh("h");
    await app.query(
      "INSERT INTO handoff (operator_id, message_id, attempt, digest, entry_id, handed_at, policy_id) VALUES ('A', $1, 1, 'd', $2, now(), $3)",
      [message, entry, policy],
    );
    await insertEntry(app, entry, "message.handed_off", message);
  });
const gated = (mailbox_id = "gated_send"): Promise<string> => insertMessage(app, { mailbox_id });

describe("a hand-off that names a rule", () => {
  it("passes where the rule stands and is of its mailbox or of all, and gated_send is what gates", async () => {
    expect(await handOff(await gated(), null)).toBe(wall);
    expect(await handOff(await gated(), await insertRule())).toBeNull();
    expect(await handOff(await gated(), await insertRule({ mailbox_id: "" }))).toBeNull();
    for (const mailbox of ["gated_all", "read_only", "quorum"])
      expect(await handOff(await gated(mailbox), await insertRule({ mailbox_id: "" }))).toBe(wall);
    const held = await insertMessage(app, { mailbox_id: "gated_send", gated: true });
    expect(await handOff(held, await insertRule()), "the scan found something").toBe(wall);
  });

  it("is refused for a rule that was revoked, has expired, is another mailbox's or operator's, holds, or is not there", async () => {
    const revoked = await insertRule();
    await app.query("UPDATE policy SET revoked_at = now() WHERE policy_id = $1", [revoked]);
    const expired = await insertRule({ created_at: days(-8), expires_at: days(-1) });
    const other = await insertRule({ mailbox_id: "autonomous" });
    const holds = await insertRule({ outcome: "hold" });
    await held.root.query("DELETE FROM policy WHERE policy_id = 'foreign'");
    await held.root.query(
      "INSERT INTO policy VALUES ('B', 'foreign', '', 1, 'x', '{}', 'allow', NULL, 'person:admin', now(), now(), now() + interval '1 day')",
    );
    for (const id of [revoked, expired, other, holds, "foreign", "none"])
      for (const mailbox of ["gated_send", "autonomous"])
        if (!(id === other && mailbox === "autonomous"))
          expect(await handOff(await gated(mailbox), id), `${id} of ${mailbox}`).toBe(wall);
    expect(await handOff(await gated("autonomous"), null)).toBeNull();
  });
});

describe("a rule that lets mail through", () => {
  it("is an owner's or admin's who is still there, or stands on a change that was granted and used", async () => {
    expect(await make({})).toBeNull();
    expect(await make({ created_by: "person:owner" })).toBeNull();
    for (const by of ["person:p1", "person:auditor", "person:nobody", "change:none"])
      expect(await make({ created_by: by }), by).toBe(wall);
    for (const by of ["key:agent", "worker"])
      expect([wall, constraint], by).toContain(await make({ created_by: by }));
    await app.query("UPDATE person SET removed_at = now() WHERE person_id = 'admin'");
    expect(await make({}), "removed since").toBe(wall);

    const change = async (granted: boolean, used: boolean): Promise<string> => {
      const id = fresh("c");
      await app.query(
        "INSERT INTO change_request VALUES ('A', $1, 'create_policy', '\\x00', 's', 'agent', now(), now(), $2, $3, NULL, $4)",
        [
          id,
          granted ? "person:owner" : null,
          granted ? new Date() : null,
          used ? new Date() : null,
        ],
      );
      return `change:${id}`;
    };
    expect(await make({ created_by: await change(true, true) })).toBeNull();
    expect(await make({ created_by: await change(true, false) })).toBe(wall);
    expect(await make({ created_by: await change(false, true) })).toBe(wall);
  });

  it("ends, within 90 days, and no later than it said", async () => {
    expect(await make({ expires_at: null })).toBe(constraint);
    for (const match of ["null", "[]", '"all"'])
      expect(await make({ match }), "conditions are an object").toBe(constraint);
    expect(await make({ expires_at: days(91) })).toBe(constraint);
    const id = await insertRule();
    const end = (when: string): Promise<string | null> =>
      run(`UPDATE policy SET expires_at = ${when} WHERE policy_id = $1`, [id]);
    expect(await end("now() + interval '8 days'")).toBe(wall);
    expect(await end("NULL")).not.toBeNull();
    expect(await end("now() + interval '1 day'")).toBeNull();
  });

  it("never says anything else than it said, comes back from the dead, or goes", async () => {
    const id = await insertRule();
    for (const change of [
      'match = \'{"tags": ["x"]}\'',
      "outcome = 'hold'",
      "mailbox_id = ''",
      "created_by = 'person:owner'",
      "created_at = now()",
    ])
      expect(await run(`UPDATE policy SET ${change} WHERE policy_id = $1`, [id]), change).toBe(
        forbidden,
      );
    expect(await run("DELETE FROM policy WHERE policy_id = $1", [id])).toBe(forbidden);
    await app.query("UPDATE policy SET revoked_at = now() WHERE policy_id = $1", [id]);
    expect(await run("UPDATE policy SET revoked_at = NULL WHERE policy_id = $1", [id])).toBe(wall);
    // Nor does anybody with the tables in hand rewrite what stood.
    const planted =
      "INSERT INTO policy VALUES ('A', 'planted', '', 1, 'x', '{}', 'hold', NULL, 'key:x', now(), now(), NULL)";
    await held.root.query(planted);
    await expect(
      held.root.query("UPDATE policy SET outcome = 'block' WHERE policy_id = 'planted'"),
    ).rejects.toMatchObject({ code: wall });
    await held.root.query("DELETE FROM policy WHERE policy_id = 'planted'");
  });
});
