/** The database's own refusals around the gate, by direct SQL as the service role: statuses, content, decisions. */
import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { answer, tables } from "../../scripts/vector-tables.ts";
import { statuses } from "../../src/core/oversight/types.ts";
import { contentDigest } from "../../src/mail/digest.ts";
import { type Attempts, attemptsOn } from "./wall-attempts.ts";
import {
  type Wall,
  constraint,
  decide,
  duplicate,
  forbidden,
  fresh,
  insertEntry,
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

describe("statuses", () => {
  it("move only as the machine moves them", async () => {
    const known = new Set<string>();
    for (const one of Object.values(tables()).flat())
      for (const handed of [false, true]) {
        const message = { ...one.message, handed };
        const after = answer({ message, event: one.event });
        if (after.ok) known.add(`${message.status} ${handed} ${after.message.status}`);
      }
    const wrong: string[] = [];
    const { root } = held;
    for (const from of statuses)
      for (const handed of [false, true])
        for (const to of [...statuses, "unheard_of"]) {
          const refused = await refusal(root, async () => {
            await root.query("SET LOCAL session_replication_role = replica");
            const id = await insertMessage(root, {
              status: from,
              gated: true,
              handed,
              test: to === "sandboxed",
            });
            if (to === "sending" && from !== to) await insertHandoff(root, id);
            await root.query("SET LOCAL session_replication_role = origin");
            await root.query("SET LOCAL ROLE multimail_app");
            const more = to === "sending" && from !== to ? ", handed = true, attempts = 1" : "";
            await update(root, id, `status = '${to}'${more}`);
          });
          const may = from === to || known.has(`${from} ${handed} ${to}`);
          if (refused !== (may ? null : wall))
            wrong.push(`${from} (handed ${handed}) → ${to}: ${refused}`);
        }
    expect(wrong).toEqual([]);
  });

  it("on the wire need a hand-off of this attempt and digest", async () => {
    const set = (id: string, text: string) => code(() => update(app, id, text));
    for (const status of ["sending", "sent", "delivered", "bounced", "send_failed"])
      for (const more of ["", ", handed = true", ", handed = true, attempts = 1"])
        expect(await set(await insertMessage(app), `status = '${status}'${more}`), status).toBe(
          wall,
        );
    const id = await insertMessage(app);
    expect(await set(id, "handed = true"), "first one column, then the other").toBe(wall);
    expect(await set(id, "attempts = 1")).toBe(wall);
    await insertHandoff(app, id);
    expect(await set(id, "status = 'sending', attempts = 1")).toBe(wall);
    expect(await set(id, "status = 'sending', handed = true")).toBe(wall);
    expect(await set(id, "status = 'sending', handed = true, attempts = 2")).toBe(wall);
    expect(await set(id, "status = 'sending', handed = true, attempts = 1")).toBeNull();
    expect(await set(id, "handed = false")).toBe(wall);
    expect(await set(id, "attempts = 0")).toBe(wall);
    expect(await set(id, "status = 'queued'")).toBeNull();
    expect(await set(id, "status = 'cancelled'"), "it has been on the wire").toBe(wall);
    for (const attempts of [1, 2])
      expect(await set(id, `status = 'sending', attempts = ${attempts}`), "asks again").toBe(wall);
  });

  it("do not become cancelled between the permission to send and the sending", async () => {
    const id = await insertMessage(app);
    await insertHandoff(app, id);
    expect(await run("UPDATE message SET status = 'cancelled' WHERE message_id = $1", [id])).toBe(
      wall,
    );
    const other = await insertMessage(app);
    const both =
      "WITH u AS (UPDATE message SET status = 'cancelled' WHERE message_id = $1) INSERT INTO handoff VALUES ('A', $1, 1, 'd', 'x', now())";
    expect(await run(both, [other])).toBe(wall);
  });

  it("do not begin on the wire, decided, or pending without a gate", async () => {
    for (const status of statuses) {
      const begins = ["draft", "pending_scan", "scheduled", "queued", "blocked"].includes(status);
      expect(await code(() => insertMessage(app, { status })), status).toBe(begins ? null : wall);
    }
    expect(await code(() => insertMessage(app, { status: "unheard_of" }))).toBe(wall);
    expect(await code(() => insertMessage(app, { handed: true }))).toBe(wall);
    expect(await code(() => insertMessage(app, { attempts: 1 }))).toBe(wall);
    expect(await code(() => insertMessage(app, { mailbox_id: "none" }))).toBe(wall);
  });

  it("a gate that a scan set falls only with content that is scanned anew", async () => {
    const id = await insertPending(app, { mailbox_id: "autonomous" });
    for (const set of [
      "gated = false",
      "gated = false, status = 'queued'",
      "gated = false, status = 'scheduled'",
    ])
      expect(await code(() => update(app, id, set)), set).toBe(wall);
    await decide(app, id);
    await update(app, id, "status = 'queued'");
    expect(await code(() => update(app, id, "gated = false"))).toBe(wall);
    const open = await insertMessage(app);
    expect(await code(() => update(app, open, "status = 'pending_approval'"))).toBe(wall);
  });
});

describe("content", () => {
  const changes = [
    "digest = 'd2'",
    "from_address = 'other@a.example'",
    "subject = 'other'",
    "size_bytes = 2",
    `attachments = '[{"filename": "a"}]'`,
    "test = true",
    "mode = 'autonomous'",
    "authors = '{}'",
    "authors = '{key:other}'",
    "author_id = 'other'",
    "author_kind = 'person'",
    "mailbox_id = 'autonomous'",
    "direction = 'inbound'",
    "rfc_message_id = '<other>'",
    "created_at = now() + interval '1 hour'",
    "timing = 'schedule_first'",
    "operator_id = 'B'",
    "message_id = 'other'",
  ];

  it.each(changes)("of an approved message stays: %s", async (set) => {
    const id = await queuedWith(["person:p1"]);
    expect(await code(() => update(app, id, set))).not.toBeNull();
    await sending(id);
    expect(await code(() => update(app, id, set))).not.toBeNull();
  });

  it("of a scheduled message changes only into a new scan", async () => {
    const id = await insertPending(app);
    await decide(app, id);
    await update(app, id, "status = 'scheduled'");
    for (const set of [
      "digest = 'd2'",
      "digest = 'd2', status = 'queued'",
      "digest = 'd2', status = 'pending_approval'",
    ])
      expect(await code(() => update(app, id, set)), set).toBe(wall);
    await update(app, id, "digest = 'd2', status = 'pending_scan', gated = false");
  });

  it("recipients are neither added, nor changed, nor taken away", async () => {
    const ids = [
      await insertPending(app),
      await queuedWith(["person:p1"]),
      await insertMessage(app),
    ];
    for (const id of ids) {
      expect(
        await run(
          "INSERT INTO recipient VALUES ('A', $1, 9, 'bcc', 'eve@x.example', NULL, 'pending')",
          [id],
        ),
      ).toBe(wall);
      // An erased message's alone become nobody.
      for (const set of [
        "address = 'eve@x.example'",
        "address = 'erased@erased.invalid', name = NULL, receipt = NULL",
        "name = 'Ada'",
      ])
        expect(await run(`UPDATE recipient SET ${set} WHERE message_id = $1`, [id]), set).toBe(
          wall,
        );
      for (const set of ["kind = 'copy'", "message_id = 'x'", "position = 4"])
        expect(await run(`UPDATE recipient SET ${set} WHERE message_id = $1`, [id]), set).toBe(
          forbidden,
        );
      expect(await run("DELETE FROM recipient WHERE message_id = $1", [id])).toBe(wall);
    }
  });

  it("stored bytes change only to those that the digest names, the text only with the bytes", async () => {
    const mime = Buffer.from("Subject: s\r\n\r\nbody\r\n");
    const other = Buffer.from("Subject: s\r\n\r\nother\r\n");
    const to = [
      { address: "Ada@X.Example" },
      { address: "bo@y.example" },
      { address: "Ada@x.example" },
    ];
    const addresses = to.map(({ address }) => address);
    const id = await insertMessage(
      app,
      {
        mailbox_id: "gated_all",
        status: "pending_approval",
        gated: true,
        digest: contentDigest(mime, addresses),
      },
      to,
    );
    await app.query("INSERT INTO message_content VALUES ('A', $1, $2, 'body')", [id, mime]);
    const write = (bytes: Buffer) =>
      run("UPDATE message_content SET mime = $2, markdown = 'other' WHERE message_id = $1", [
        id,
        bytes,
      ]);
    expect(await write(other)).toBe(wall);
    expect(
      await run("UPDATE message_content SET markdown = 'other' WHERE message_id = $1", [id]),
    ).toBe(wall);
    await update(app, id, `digest = '${contentDigest(other, addresses)}'`);
    expect(await write(mime)).toBe(wall);
    expect(await write(other)).toBeNull();
    await update(app, id, "status = 'queued'");
    expect(await write(other)).toBe(wall);
    expect(await run("DELETE FROM message_content WHERE message_id = $1", [id])).toBe(forbidden);
    const oversized =
      "INSERT INTO message_content VALUES ('A', $1, convert_to(repeat('x', $2), 'UTF8'), repeat('x', $3))";
    const most = 64 * 1024 * 1024;
    expect(await run(oversized, ["large", most + 1, 1]), "more than a reader could hold").toBe(
      constraint,
    );
    expect(await run(oversized, ["large", 1, most + 1])).toBe(constraint);
  });
});

describe("decisions", () => {
  it("by whoever wrote or edited, or by somebody unknown, are refused", async () => {
    const id = await insertPending(app, { authors: ["key:agent", "person:writer"] });
    for (const decision of ["approve", "reject", "revise"])
      for (const by of ["person:writer", "key:agent", "person:ghost", "key:ghost"])
        expect(await code(() => decide(app, id, by, { decision })), `${decision} ${by}`).toBe(wall);
    const notMine = await insertPending(app, { authors: ["person:writer"] });
    expect(await code(() => decide(app, notMine, "key:agent")), "a key without oversight").toBe(
      wall,
    );
    expect(await code(() => decide(app, notMine, "person:p1", { person_id: "writer" }))).toBe(
      constraint,
    );
    expect(await code(() => decide(app, notMine, "person:p9", { person_id: "p1" }))).toBe(
      constraint,
    );
  });

  it("without an entry of the log about the same message are refused", async () => {
    const id = await insertPending(app);
    const other = await insertPending(app);
    expect(await code(() => decide(app, id, "person:p1", {}, false))).toBe(wall);
    for (const [type, about] of [
      ["message.handed_off", id],
      ["message.decided", other],
    ] as const) {
      const entry_id = fresh("e");
      expect(
        await code(async () => {
          await insertEntry(app, entry_id, type, about);
          await decide(app, id, "person:p1", { entry_id }, false);
        }),
        `${type} about ${about}`,
      ).toBe(wall);
    }
  });

  it("on other content or on what is not pending are refused", async () => {
    expect(
      await code(async () => decide(app, await insertPending(app), "person:p1", { digest: "e" })),
    ).toBe(wall);
    for (const status of ["draft", "pending_scan", "scheduled", "queued"])
      expect(
        await code(async () => decide(app, await insertMessage(app, { status }))),
        status,
      ).toBe(wall);
    expect(await code(() => decide(app, "nothing"))).not.toBeNull();
  });

  it("of one person stand once, and who approved may still reject", async () => {
    const id = await insertPending(app, { mailbox_id: "quorum" });
    await decide(app, id);
    expect(await code(() => decide(app, id))).toBe(duplicate);
    await app.query("UPDATE decision SET voided_at = now() WHERE message_id = $1", [id]);
    expect(await code(() => decide(app, id)), "after it was voided").toBeNull();
    await decide(app, id, "person:p1", { decision: "reject" });
    await update(app, id, "status = 'queued'");
    expect(await handOff(id), "three rows of one person are one approval").toBe(wall);
  });

  it("are neither changed nor deleted, and voided once", async () => {
    const id = await insertPending(app);
    const made = await decide(app, id);
    for (const set of [
      "digest = 'e'",
      "decision = 'reject'",
      "principal = 'person:p2'",
      "class = 'A'",
      "message_id = 'x'",
    ])
      expect(await run(`UPDATE decision SET ${set} WHERE decision_id = $1`, [made]), set).toBe(
        forbidden,
      );
    const voiding = (value: string) =>
      run(`UPDATE decision SET voided_at = ${value} WHERE decision_id = $1`, [made]);
    expect(await voiding("NULL")).toBe(wall);
    expect(await voiding("now()")).toBeNull();
    expect(await voiding("now() + interval '1 hour'")).toBe(wall);
    expect(await voiding("NULL")).toBe(wall);
    expect(await run("DELETE FROM decision WHERE decision_id = $1", [made])).toBe(forbidden);
  });
});
