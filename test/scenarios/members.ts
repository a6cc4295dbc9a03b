/** People of the simulated world for tests about them: members with sessions, and the mail that the service sent. */
import PostalMime from "postal-mime";
import { type Actor, type Role, roleScopes } from "../../src/core/actor.ts";
import type { World } from "../simulation/engine-world.ts";

/** Where a visitor of these tests comes from. */
export const visitor = { source: "192.0.2.1", user_agent: "Test browser" };

let counter = 0;

/** A new member who signed in this moment. */
export async function member(
  world: World,
  role: Role,
  more: { operator_id?: string; email?: string } = {},
): Promise<Actor & { person_id: string; email: string }> {
  const id = `M${String(counter++).padStart(25, "0")}`;
  const { operator_id = world.operator_id, email = `${id.toLowerCase()}@people.example` } = more;
  await world.sql(
    "INSERT INTO person (operator_id, person_id, name, email, role, created_at) VALUES ($1, $2, $3, $4, $5, now())",
    [operator_id, id, `Member ${id}`, email, role],
  );
  return {
    kind: "person",
    operator_id,
    credential_id: `S${id.slice(1)}`,
    person_id: id,
    role,
    scopes: roleScopes[role],
    mailbox_ids: null,
    test: false,
    signed_in_at: new Date(world.clock.now).toISOString(),
    email,
  };
}

/** Another operator, with nobody in it. */
export async function otherOperator(world: World): Promise<string> {
  const id = `O${String(counter++).padStart(25, "0")}`;
  await world.sql(
    "INSERT INTO operator (operator_id, slug, name, postal_address, created_at) VALUES ($1, $2, $3, 'Elsewhere 1', now())",
    [id, id.toLowerCase(), `Other ${id}`],
  );
  return id;
}

/** The mail of the service that waits to leave, as its reader gets it; it is gone afterwards. */
export async function mails(
  world: World,
): Promise<{ to: string; subject: string; text: string; operator_id: string }[]> {
  const gone = [];
  for (;;) {
    const due = await world.queue.claim("service_mail", {
      now: new Date(world.clock.now),
      lease_until: new Date(world.clock.now + 60_000),
      node: "here",
      limit: 50,
    });
    if (due.length === 0) return gone;
    for (const claim of due) {
      const mail = await world.engine.takeServiceMail(claim.operator_id, claim);
      if (!mail) continue;
      await world.engine.recordServiceMail(claim.operator_id, claim, {
        outcome: "accepted",
        reply: "250 ok",
      });
      const { subject = "", text = "" } = await PostalMime.parse(mail.data);
      gone.push({ to: mail.to, subject, text, operator_id: claim.operator_id });
    }
  }
}

/** The code in a mail. */
export function codeIn(text: string | undefined): string {
  return /\b[A-Z2-9]{3}-[A-Z2-9]{3}\b/.exec(text ?? "")?.[0] ?? "";
}

/** The token of the link in a mail. */
export function tokenIn(text: string | undefined): string {
  return /token=(\S+)/.exec(text ?? "")?.[1] ?? "";
}

/** What a refused call was refused with, or "done". */
export async function outcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "done";
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code);
    throw error;
  }
}
