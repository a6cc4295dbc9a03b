/** Somebody writes SQL as the service: what they forge reaches no socket, and what they plant harms nothing beside it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadMime } from "../../src/store/messages.ts";
import { type SmtpSink, startSink } from "../sink/smtp-sink.ts";
import { type OwnerKeys, ownerKeys } from "./owner-keys.ts";
import { type Answer, type Running, run, signIn } from "./running.ts";
import { type SecondNode, secondNode } from "./second-node.ts";

let sink: SmtpSink;
let running: Running;
let node: SecondNode;
let keys: OwnerKeys;

beforeAll(async () => {
  sink = await startSink();
  running = await run({
    MULTIMAIL_DELIVERY: "relay",
    MULTIMAIL_RELAY_URL: `smtp://127.0.0.1:${sink.port}?tls=none`,
  });
  node = await secondNode(running);
  keys = await ownerKeys(node);
});
afterAll(async () => {
  await node.close();
  await running.stop();
  await sink.close();
});

async function pending(subject: string): Promise<Answer["body"]> {
  const { body } = await running.send({ subject });
  return running.settled(body.id, "pending_send_approval");
}

const arrived = (message: { message_id: string }): number =>
  sink.messages.filter((mail) => mail.data.includes(`Message-ID: ${message.message_id}\r\n`))
    .length;

/** One transaction of statements as the service role, as whoever steals its connection would send them. */
const asService = (statements: string[]): Promise<unknown> =>
  node.database.transaction(node.operator_id, async (tx) => {
    for (const [i, text] of statements.entries())
      await tx.named(`s${i} ${node.context.new_id()}`, text, []);
  });

/** A row of `decision` about the message, with the entry that the database asks for; columns as SQL. */
function forged(
  message: { id: string; digest: string },
  columns: Partial<
    Record<"principal" | "credential_id" | "person_id" | "statement" | "envelope", string>
  > = {},
): string[] {
  const owner = keys.owner_id;
  const row = {
    principal: `'person:${owner}'`,
    credential_id: "'session'",
    person_id: `'${owner}'`,
    statement: "'x'::bytea",
    envelope: "'{}'::jsonb",
    ...columns,
  };
  const id = node.context.new_id();
  return [
    `INSERT INTO log_entry VALUES ('${node.operator_id}', 'entry ${id}', 'message.decided', 'person', 'x', '${message.id}', NULL, NULL, now(), '{}')`,
    `INSERT INTO decision SELECT '${node.operator_id}', '${id}', '${message.id}', 'approve', '${message.digest}', ${row.principal},
       ${row.credential_id}, ${row.person_id}, 'x', 'B', NULL, ${row.statement}, ${row.envelope}, 'entry ${id}', 'x'::bytea, now(), NULL`,
  ];
}

/** Moves the message on as the engine would after enough approvals. */
const release = (message: { id: string }): string[] => [
  `UPDATE message SET status = 'queued' WHERE message_id = '${message.id}'`,
  `DELETE FROM due WHERE message_id = '${message.id}'`,
  `INSERT INTO due (operator_id, kind, message_id, due_at) VALUES ('${node.operator_id}', 'deliver', '${message.id}', now())`,
];

/** The worker holds the message, no forged approval stands, and nothing arrived. */
async function isHeld(message: { id: string; message_id: string }): Promise<void> {
  for (let i = 0; i < 400; i++) {
    const standing = await node.as((tx) =>
      tx.named<{ status: string; reason: string | null; approvals: string }>(
        "standing",
        `SELECT status, reason, (SELECT count(*) FROM decision d WHERE d.message_id = m.message_id AND voided_at IS NULL) AS approvals
         FROM message m WHERE message_id = $1`,
        [message.id],
      ),
    );
    if (standing[0]?.status === "pending_approval" && standing[0].reason !== null) {
      expect(standing[0].reason).toMatch(/an approval does not verify/);
      expect(Number(standing[0].approvals)).toBe(0);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const read = await running.settled(message.id, "pending_send_approval");
  expect(read.reason).toMatch(/an approval does not verify/);
  expect(arrived(message)).toBe(0);
}

describe("an approval written past the engine", () => {
  test("without a signature lets nothing leave, and a person may still decide", async () => {
    const message = await pending("made up");
    await asService([...forged(message), ...release(message)]);
    await isHeld(message);
    // The forged row was in the owner's name: it stands in nobody's way.
    expect((await running.decide(message.id, "approve")).status).toBe(200);
    await running.settled(message.id, "sent");
    expect(arrived(message)).toBe(1);
  });

  test("copied from another message, or from an approval that was withdrawn, lets nothing leave", async () => {
    const genuine = await pending("approved");
    expect((await running.decide(genuine.id, "approve")).status).toBe(200);
    await running.settled(genuine.id, "sent");
    const copied = (of: string, what: string): string =>
      `(SELECT ${what} FROM decision WHERE message_id = '${of}' ORDER BY decision_id LIMIT 1)`;
    const [key] = await node.as((tx) =>
      tx.named<{ credential_id: string }>(
        "of",
        `SELECT credential_id FROM decision WHERE message_id = $1`,
        [genuine.id],
      ),
    );
    const from = (of: string): Parameters<typeof forged>[1] => ({
      credential_id: `'${key?.credential_id}'`,
      statement: copied(of, "statement"),
      envelope: copied(of, "envelope"),
    });
    const other = await pending("not approved");
    await asService([...forged(other, from(genuine.id)), ...release(other)]);
    await isHeld(other);

    // Approved in earnest, then taken back in the same breath as it is written again.
    const undone = await pending("withdrawn");
    await node.asOwner(`UPDATE mailbox SET approvals_required = 2`);
    try {
      const second = await pending("one of two");
      expect((await running.decide(second.id, "approve")).body.status).toBe(
        "pending_send_approval",
      );
      // The same person's word once more, under another name.
      const bea = await keys.person("bea");
      await asService([
        ...forged(second, {
          ...from(second.id),
          principal: `'person:${bea}'`,
          person_id: `'${bea}'`,
        }),
        ...release(second),
      ]);
      await running.settled(second.id, "pending_send_approval");
      for (let i = 0; i < 400; i++) {
        const read = await running.settled(second.id, "pending_send_approval");
        if (read.reason !== null) break;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      expect(arrived(second)).toBe(0);
    } finally {
      await node.asOwner(`UPDATE mailbox SET approvals_required = 1`);
    }
    await node.asOwner(`UPDATE message SET required = 2 WHERE message_id = '${undone.id}'`);
    expect((await running.decide(undone.id, "approve")).body.status).toBe("pending_send_approval");
    await asService([
      `UPDATE decision SET voided_at = now() WHERE message_id = '${undone.id}'`,
      ...forged(undone, from(undone.id)),
    ]);
    await asService(release(undone));
    await isHeld(undone);
  });
});

test("the service's sessions cannot become the owner of the tables", async () => {
  await expect(
    asService(["SET ROLE NONE", "ALTER TABLE decision DISABLE TRIGGER ALL"]),
  ).rejects.toThrow(/must be owner/);
  await expect(asService(["SET ROLE multimail_owner"])).rejects.toThrow(/permission denied/);
  const users = await node.as((tx) =>
    tx.named<{ usename: string }>(
      "users",
      "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'multimail' AND usename IS NOT NULL",
      [],
    ),
  );
  expect(users).toEqual([{ usename: "multimail_service" }]);
});

test("a message too large to be read stays alone: what is due beside it leaves", async () => {
  const large = await pending("large");
  const beside = await pending("beside");
  // Past the constraint and the triggers: the reader looks for itself.
  await node.asOwner(`
    ALTER TABLE message_content DROP CONSTRAINT message_content_mime_check;
    ALTER TABLE message_content DISABLE TRIGGER message_content_guard;
    UPDATE message_content SET mime = convert_to(repeat('x', 64 * 1024 * 1024 + 1), 'UTF8') WHERE message_id = '${large.id}';`);
  const decisions = [large, beside].map(({ id }) => ({ email_id: id, decision: "approve" }));
  const answer = await running.call(running.known.oversight_key, "/v1/oversight/decide", {
    decisions,
  });
  expect(answer.status).toBe(200);
  await running.settled(beside.id, "sent");
  const [left] = await node.as((tx) =>
    tx.named<{ status: string }>("left", "SELECT status FROM message WHERE message_id = $1", [
      large.id,
    ]),
  );
  expect(left).toEqual({ status: "queued" });
  const read = await node.as((tx) => loadMime(tx, [large.id, beside.id]));
  expect([...read.keys()]).toEqual([beside.id]);
  expect(arrived(large)).toBe(0);
});

test("caught mail is shown while there is one operator, and to nobody once there are two", async () => {
  const catching = await run();
  const other = await secondNode(catching);
  try {
    const cookie = await signIn(catching);
    const { body } = await catching.send({ subject: "caught" });
    await catching.decide(body.id, "approve");
    await catching.settled(body.id, "delivered");
    const page = (path: string): Promise<Answer> =>
      catching.call(null, path, undefined, { headers: { cookie } });
    const mail = /\/catcher\/[0-9A-Z]{26}/.exec((await page("/catcher")).body)?.[0] ?? "";
    expect((await page(`${mail}/raw`)).status).toBe(200);
    await other.found("second");
    expect((await page("/catcher")).body).not.toMatch(/\/catcher\/[0-9A-Z]{26}/);
    for (const path of [mail, `${mail}/raw`, `${mail}/html`])
      expect((await page(path)).status, path).toBe(404);
  } finally {
    await other.close();
    await catching.stop();
  }
});
