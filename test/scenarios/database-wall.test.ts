/** The database's own word on hand-offs, by direct SQL as the service role: what it refuses, whatever the application did before. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { promise } from "../promises.ts";
import { type Attempts, attemptsOn } from "./wall-attempts.ts";
import {
  type Wall,
  bind,
  constraint,
  decide,
  forbidden,
  insertHandoff,
  insertMessage,
  insertPending,
  openWall,
  refusal,
  update,
  wall,
} from "./wall-fixture.ts";

let held: Wall;
let app: pg.Client;
let code: Attempts["code"];
let run: Attempts["run"];
let handOff: Attempts["handOff"];
let queuedWith: Attempts["queuedWith"];
let sending: Attempts["sending"];
beforeAll(async () => {
  held = await openWall();
  ({ app } = held);
  ({ code, run, handOff, queuedWith, sending } = attemptsOn(app));
});
afterAll(() => held.close());

// Each test is one transaction that is taken back.
beforeEach(() => app.query("BEGIN"));
afterEach(() => app.query("ROLLBACK"));

describe("hand-off", () => {
  it("passes with the approvals that the mode asks for, and nothing else is needed", async () => {
    expect(await handOff(await insertMessage(app))).toBeNull();
    expect(await handOff(await queuedWith(["person:p1"]))).toBeNull();
    expect(await handOff(await queuedWith(["key:decider"]))).toBeNull();
    expect(
      await handOff(await queuedWith(["person:p1", "person:p2"], { mailbox_id: "quorum" })),
    ).toBeNull();
    const [to] = [{ address: "Bo@allowed.EXAMPLE" }];
    expect(await handOff(await insertMessage(app, { mailbox_id: "gated_send" }, [to]))).toBeNull();
  });

  it(promise("gate.database-refuses"), async () => {
    // Whatever the application says in the message's own columns.
    for (const mailbox_id of ["gated_all", "gated_send", "quorum", "read_only"])
      for (const mode of ["autonomous", "gated_all"])
        expect(await handOff(await insertMessage(app, { mailbox_id, mode })), mailbox_id).toBe(
          wall,
        );
    expect(await handOff(await queuedWith([]))).toBe(wall);
    expect(await handOff(await queuedWith(["person:p1"], { mailbox_id: "quorum" }))).toBe(wall);
    expect(
      await handOff(await queuedWith([], { mailbox_id: "autonomous" })),
      "gated by a scan",
    ).toBe(wall);
  });

  it("is refused for an approval of an older content, a voided one, and one by somebody who edited since", async () => {
    const stale = await insertPending(app);
    await decide(app, stale);
    await update(app, stale, "digest = 'd2'");
    await update(app, stale, "status = 'queued'");
    expect(await handOff(stale, { digest: "d2" })).toBe(wall);
    expect(await handOff(stale, { digest: "d" })).toBe(wall);

    const voided = await queuedWith(["person:p1"]);
    await app.query("UPDATE decision SET voided_at = now() WHERE message_id = $1", [voided]);
    expect(await handOff(voided)).toBe(wall);

    const refused = await insertPending(app);
    await decide(app, refused, "person:p1", { decision: "reject" });
    await decide(app, refused, "person:p2", { decision: "revise" });
    await update(app, refused, "status = 'queued'");
    expect(await handOff(refused), "refusals are no approvals").toBe(wall);

    const edited = await insertPending(app);
    await decide(app, edited);
    await update(app, edited, "authors = authors || ARRAY['person:p1']");
    await update(app, edited, "status = 'queued'");
    expect(await handOff(edited)).toBe(wall);
  });

  it(promise("decide.edit-voids"), async () => {
    const id = await insertPending(app);
    await decide(app, id);
    await update(app, id, "digest = 'd2'");
    await update(app, id, "digest = 'd'");
    await update(app, id, "status = 'queued'");
    expect(await handOff(id), "the old content again, but approved before the edits").toBe(wall);

    const back = await insertPending(app);
    await decide(app, back);
    for (const status of ["draft", "pending_scan", "pending_approval", "queued"])
      await update(app, back, `status = '${status}'`);
    expect(await handOff(back), "sent back and submitted again").toBe(wall);

    const undone = await insertPending(app);
    await decide(app, undone);
    for (const status of ["scheduled", "pending_approval", "queued"])
      await update(app, undone, `status = '${status}'`);
    expect(await handOff(undone), "pulled back in the undo window").toBe(wall);
  });

  it("is refused from every status but queued, and for another attempt number or digest than the next", async () => {
    for (const status of ["draft", "pending_scan", "scheduled", "blocked"])
      expect(await handOff(await insertMessage(app, { status })), status).toBe(wall);
    expect(await handOff(await insertPending(app))).toBe(wall);
    for (const status of ["rejected", "expired", "cancelled"]) {
      const id = await insertPending(app);
      await decide(app, id);
      await update(app, id, `status = '${status}'`);
      expect(await handOff(id), status).toBe(wall);
    }
    const id = await insertMessage(app);
    for (const attempt of [0, 2, -1]) expect(await handOff(id, { attempt })).toBe(wall);
    expect(await handOff(id, { digest: "other" })).toBe(wall);
    await sending(id);
    for (const status of ["sending", "sent", "delivered", "bounced"]) {
      if (status !== "sending") await update(app, id, `status = '${status}'`);
      for (const attempt of [1, 2]) expect(await handOff(id, { attempt }), status).toBe(wall);
    }
    expect(await handOff("nothing")).toBe(wall);
    expect(await handOff(await insertMessage(app, { direction: "inbound" }))).toBe(wall);
  });

  it("is refused for a test message, whatever is done to its row", async () => {
    const id = await insertMessage(app, { test: true });
    expect(await handOff(id)).toBe(wall);
    expect(await run("UPDATE message SET test = false WHERE message_id = $1", [id])).toBe(wall);
  });

  it("is refused while the operator is stopped", async () => {
    const id = await insertMessage(app);
    await app.query("UPDATE operator SET stopped_at = now()");
    expect(await handOff(id)).toBe(wall);
    await app.query("UPDATE operator SET stopped_at = NULL");
    expect(await handOff(id)).toBeNull();
  });

  it("is refused while an open recipient is suppressed, and when nobody is left", async () => {
    const suppress = "INSERT INTO suppression VALUES ('A', $1, $2, 'unsubscribed', NULL, now())";
    const to = [{ address: "Ada@X.example" }, { address: "bo@x.example" }];
    for (const mailbox of ["", "autonomous"]) {
      const id = await insertMessage(app, {}, to);
      await app.query("SAVEPOINT before");
      await app.query(suppress, ["ada@x.example", mailbox]);
      expect(await handOff(id)).toBe(wall);
      await app.query(
        "UPDATE recipient SET status = 'suppressed' WHERE message_id = $1 AND position = 0",
        [id],
      );
      expect(await handOff(id), "the other one may be written to").toBeNull();
      await app.query("ROLLBACK TO before");
      await app.query(suppress, ["ada@x.example", "gated_all"]);
      expect(await handOff(id), "suppressed for another mailbox").toBeNull();
      await app.query("ROLLBACK TO before");
    }
    expect(await run(suppress, ["Ada@x.example", ""]), "an address that would never match").toBe(
      constraint,
    );
    expect(await handOff(await insertMessage(app, {}, []))).toBe(wall);
    expect(await handOff(await insertMessage(app, {}, [{ status: "delivered" }]))).toBe(wall);
  });

  it(promise("gate.mode-checked-twice"), async () => {
    const id = await insertMessage(app);
    const lower = (mode: string) =>
      app.query("UPDATE mailbox SET mode = $1 WHERE mailbox_id = 'autonomous'", [mode]);
    await app.query("SAVEPOINT before");
    for (const mode of ["read_only", "gated_all", "gated_send", "nonsense"]) {
      await lower(mode);
      expect(await handOff(id), mode).toBe(wall);
    }
    await lower("monitored");
    expect(await handOff(id), "nobody gets a copy").toBe(wall);
    const [to, overseer] = [{ address: "ada@x.example" }, { address: "Watch@a.example" }];
    const watched = await insertMessage(app, {}, [to, overseer]);
    const copied = await insertMessage(app, {}, [to, { ...overseer, kind: "copy" }]);
    const notCopied = await insertMessage(app, {}, [
      to,
      { ...overseer, kind: "copy", status: "suppressed" },
    ]);
    expect(await handOff(watched)).toBeNull();
    expect(await handOff(copied)).toBeNull();
    expect(await handOff(notCopied)).toBe(wall);
    const approved = await queuedWith(["person:p1"], { mailbox_id: "autonomous" });
    await lower("read_only");
    expect(await handOff(approved), "not even with approvals").toBe(wall);

    // And the other way: raised between submission and hand-off, by whoever.
    const gated = await insertMessage(app, { mailbox_id: "gated_all", mode: "autonomous" });
    await app.query("UPDATE mailbox SET mode = 'autonomous' WHERE mailbox_id = 'gated_all'");
    expect(await handOff(gated), "submitted while the mailbox gated").toBe(wall);
  });

  it("asks the allowlist about every recipient but the overseer's copy, which nobody else can pass for", async () => {
    const allowed = { address: "bo@allowed.example" };
    const stranger = { address: "eve@x.example" };
    const columns = { mailbox_id: "gated_send" };
    expect(
      await handOff(await insertMessage(app, columns, [allowed, { ...stranger, kind: "bcc" }])),
    ).toBe(wall);
    const copy = { address: "watch@a.example", kind: "copy" };
    expect(await handOff(await insertMessage(app, columns, [allowed, copy]))).toBeNull();
    expect(await handOff(await insertMessage(app, columns, [copy])), "to nobody else").toBe(wall);
    expect(
      await code(() => insertMessage(app, columns, [allowed, { ...stranger, kind: "copy" }])),
    ).toBe(wall);
    for (const address of [
      "eve@allowed.example.evil",
      "eve@notallowed.example",
      "allowed.example@x.example",
    ])
      expect(await handOff(await insertMessage(app, columns, [{ address }])), address).toBe(wall);
  });

  it("takes the stricter of the quorum that the message and its mailbox ask for", async () => {
    const id = await queuedWith(["person:p1"], { mailbox_id: "quorum", required: 1 });
    expect(await handOff(id)).toBe(wall);
    expect(await run("UPDATE message SET required = 1 WHERE message_id = $1", [id])).toBe(wall);
    expect(await run("UPDATE message SET required = 0 WHERE message_id = $1", [id])).toBe(wall);
  });

  it(promise("log.no-send-without-leaf"), async () => {
    expect(await handOff(await insertMessage(app), { logged: false })).toBe(wall);
    const id = await insertMessage(app);
    expect(
      await run("INSERT INTO handoff VALUES ('A', $1, 1, 'd', 'first', now())", [id]),
      "an entry about something else",
    ).toBe(wall);
  });

  it("is asked for every row of a statement, and a conflict clause opens no way around", async () => {
    const good = await insertMessage(app);
    const bad = await queuedWith([]);
    const rows = "INSERT INTO handoff SELECT 'A', unnest($1::text[]), 1, 'd', 'x', now()";
    expect(await run(rows, [[good, bad]])).toBe(wall);
    for (const clause of ["DO NOTHING", "(operator_id, message_id, attempt) DO NOTHING"])
      expect(await run(`${rows} ON CONFLICT ${clause}`, [[good, bad]])).toBe(wall);
    expect(
      await run(
        `${rows} ON CONFLICT (operator_id, message_id, attempt) DO UPDATE SET digest = 'e'`,
        [[good]],
      ),
    ).toBe(forbidden);
    const both =
      "INSERT INTO handoff VALUES ('A', $1, 1, 'd', 'x', now()), ('A', $1, 2, 'd', 'x', now())";
    expect(await run(both, [good]), "two attempts at once").toBe(wall);
    expect(await run("COPY handoff FROM STDIN")).not.toBeNull();
  });

  it("does not rely on what the application voids", async () => {
    const { root } = held;
    const refused = await refusal(root, async () => {
      await root.query("SET LOCAL session_replication_role = replica");
      const id = await insertMessage(root, { mailbox_id: "gated_all", gated: true, digest: "d2" });
      await decide(root, id);
      await root.query("SET LOCAL session_replication_role = origin");
      await insertHandoff(root, id, { digest: "d2" });
    });
    expect(refused).toBe(wall);
  });

  it("is not fooled by temporary tables of the same names", async () => {
    const gated = await queuedWith([]);
    const lowered = await insertMessage(app);
    await app.query("SET LOCAL search_path = pg_temp, public");
    await app.query("CREATE TEMPORARY TABLE mailbox AS SELECT * FROM public.mailbox");
    await app.query("UPDATE public.mailbox SET mode = 'gated_all'");
    await app.query("CREATE TEMPORARY TABLE decision (LIKE public.decision)");
    await decide(app, gated);
    expect(await handOff(lowered), "another mailbox").toBe(wall);
    expect(await handOff(gated), "other decisions").toBe(wall);
  });
});

it("is not asked under a snapshot that may be old", async () => {
  const other = await held.connect();
  await insertMessageFor(other, "rr");
  await other.query("BEGIN ISOLATION LEVEL REPEATABLE READ");
  await expect(insertHandoff(other, "rr")).rejects.toMatchObject({ code: wall });
  await other.query("ROLLBACK");
  await other.query("UPDATE message SET status = 'cancelled' WHERE message_id = 'rr'");
});

it("makes whoever cancels or edits meanwhile wait, and then refuses", async () => {
  const [sender, other] = [await held.connect(), await held.connect()];
  for (const set of ["status = 'cancelled'", "status = 'blocked', digest = 'e'"]) {
    await insertMessageFor(sender, `race ${set}`);
    await sender.query("BEGIN");
    await insertHandoff(sender, `race ${set}`);
    const cancelled = update(other, `race ${set}`, set).catch((error: unknown) => error);
    await sender.query("COMMIT");
    expect(await cancelled, set).toMatchObject({ code: wall });
  }
});

it("takes the application's word for what people did: SECURITY.md says so", async () => {
  await app.query(
    "UPDATE mailbox SET mode = 'autonomous', approvals_required = 1 WHERE mailbox_id = 'quorum'",
  );
  expect(
    await handOff(await insertMessage(app, { mailbox_id: "quorum", mode: "autonomous" })),
  ).toBeNull();
  await app.query(
    "INSERT INTO allowlist_entry VALUES ('A', 'gated_send', 'e9', 'eve@x.example', 'nobody', now())",
  );
  const to = [{ address: "eve@x.example" }];
  expect(await handOff(await insertMessage(app, { mailbox_id: "gated_send" }, to))).toBeNull();
});

async function insertMessageFor(client: pg.Client, message_id: string): Promise<void> {
  await client.query("BEGIN");
  await insertMessage(client, { message_id });
  await client.query("COMMIT");
}

it("rows of an operator are handed off only by a session that is bound to it", async () => {
  const id = await insertMessage(app);
  await bind(app, "B");
  expect(await handOff(id)).not.toBeNull();
  await bind(app, null);
  expect(await handOff(id)).not.toBeNull();
});
