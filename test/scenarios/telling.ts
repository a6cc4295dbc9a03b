/** People who may decide, and what they are told: the real engine and database, by a clock that only the test moves. */
import PostalMime from "postal-mime";
import { type Actor, roleScopes } from "../../src/core/actor.ts";
import { noticeKinds } from "../../src/engine/notices.ts";
import { draftOf } from "../simulation/engine-calls.ts";
import { type Box, type World, openWorld } from "../simulation/engine-world.ts";

export const hour = 3_600_000;
export const minute = 60_000;
/** How long a message waits at most. */
export const life = 7 * 24 * hour;

/** Everybody who may decide. */
export const everybody = [
  "owner@operator.example",
  "p1@people.example",
  "p2@people.example",
  "p3@people.example",
];

/** Who got mail. */
export const toOf = (mails: { to: string }[]): string[] => mails.map(({ to }) => to);

/** A world whose people are told. */
export type Telling = Awaited<ReturnType<typeof openTelling>>;

/** Opens it. */
export async function openTelling() {
  const world: World = await openWorld();
  await world.sql(`UPDATE mailbox SET expiry_seconds = ${life / 1000}`);
  await world.sql("UPDATE person SET email = person_id || '@people.example' WHERE email !~ '@'");

  /** Nothing waits, nobody has chosen anything, and it is noon in Berlin, in winter. */
  async function reset(): Promise<void> {
    await world.sql(
      `DELETE FROM due; DELETE FROM waiting_notice; DELETE FROM service_mail;
       UPDATE person SET notify = '{}', removed_at = NULL, role = CASE WHEN role = 'owner' THEN 'owner' ELSE 'approver' END;
       UPDATE mailbox SET approver_ids = NULL`,
    );
    world.clock.now = Date.UTC(2030, 0, 2, 11);
  }

  const boxOf = (mode: string): Box => {
    const box = world.boxes.find((one) => one.mode === mode && one.required === 1);
    if (!box) throw new Error(`no mailbox in mode ${mode}`);
    return box;
  };

  /** Submits a message that waits. */
  async function submit(
    more: { subject?: string; markdown?: string; box?: Box } = {},
  ): Promise<{ id: string }> {
    const { box = boxOf("gated_all"), ...words } = more;
    const draft = { ...draftOf(box, ["ada@example.com"]), ...words };
    const answer = await world.engine.submit(world.agent, draft);
    return { id: answer.id };
  }

  const claiming = () => ({
    now: new Date(world.clock.now),
    lease_until: new Date(world.clock.now + minute),
    node: "here",
    limit: 20,
  });

  /** Tells whoever is to be told by now, as the worker would; what they are told waits to leave. */
  async function tell(): Promise<void> {
    for (let claims = 1; claims > 0;) {
      claims = 0;
      for (const kind of noticeKinds) {
        const due = await world.queue.claim(kind, claiming());
        claims += due.length;
        if (due.length > 0) await world.engine.tellDue(kind, world.operator_id, due);
      }
    }
  }

  /** What came due by now. Answers the mail that leaves, by recipient. */
  async function tick(): Promise<{ to: string; subject: string; text: string; html: string }[]> {
    await tell();
    const gone = [];
    for (;;) {
      const due = await world.queue.claim("service_mail", claiming());
      if (due.length === 0) break;
      for (const claim of due) {
        const mail = await world.engine.takeServiceMail(world.operator_id, claim);
        if (!mail) continue;
        const result = { outcome: "accepted", reply: "250 ok" } as const;
        await world.engine.recordServiceMail(world.operator_id, claim, result);
        const read =
          mail.channel === "mail"
            ? await PostalMime.parse(mail.data)
            : { subject: "chat", text: mail.data.toString(), html: "" };
        const { subject = "", text = "", html = "" } = read;
        gone.push({ to: mail.to, subject, text, html });
      }
    }
    return gone.toSorted((a, b) => (a.to < b.to ? -1 : 1));
  }

  const decide = (who: Actor, id: string, decision: "approve" | "reject") =>
    world.engine.decide(who, [{ email_id: id, decision }]);

  const choose = (person: string, notify: object): Promise<void> =>
    world.sql("UPDATE person SET notify = $2 WHERE person_id = $1", [
      person,
      JSON.stringify(notify),
    ]);
  /** Somebody who makes rules and settings, and has just signed in. */
  const admin = (): Actor => ({
    ...(world.deciders[0] ?? world.stranger),
    role: "admin",
    scopes: roleScopes.admin,
    signed_in_at: new Date(world.clock.now).toISOString(),
  });
  /** The mailbox that gates everything names who is asked first. */
  const name = async (approver_ids: string[]): Promise<void> => {
    await world.engine.changeMailbox(admin(), boxOf("gated_all").mailbox_id, { approver_ids });
  };
  const onlyP1 = (): Promise<void> => name(["p1"]);

  return {
    admin,
    name,
    world,
    reset,
    boxOf,
    submit,
    claiming,
    tell,
    tick,
    decide,
    choose,
    onlyP1,
  };
}
