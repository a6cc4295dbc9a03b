/** The approver directory: passkeys that people decide with, each change of it an entry of the log and a mail to its person. */
import { enrolmentData } from "../audit/directory.ts";
import { coseAlgorithms } from "../audit/cose.ts";
import type { CreationOptions, RegistrationResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import {
  type DirectoryRow,
  insertDecisionPasskey,
  listDirectory,
  revokeDecisionPasskey,
} from "../store/decision-passkeys.ts";
import { type PersonRow, holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import type { EngineContext } from "./context.ts";
import { answeredEnrolment, openEnrolment } from "./passkey-enrolment.ts";
import { tell } from "./people.ts";
import { assertFresh, assertPerson } from "./person-rules.ts";
import { makeEntry } from "./record.ts";
import { relyingParty } from "./webauthn.ts";

/** Devices that one person decides with. */
const maxPasskeys = 10;

const forDecisions = (person_id: string) => ({ purpose: "decision", person_id }) as const;

/** The directory as members see it; with `all` also what was revoked. Throws `role_required` for keys. */
export async function findDecisionPasskeys(
  context: EngineContext,
  actor: Actor,
  filter: { own: boolean; all: boolean },
): Promise<DirectoryRow[]> {
  const personId = assertPerson(actor);
  return context.database.as(actor.operator_id, (tx) =>
    listDirectory(tx, { revoked: filter.all, ...(filter.own ? { person_id: personId } : {}) }),
  );
}

/** Options of a prompt that makes a passkey for decisions. Throws `fresh_sign_in_required`, `role_required`, `passkeys_unavailable`. */
export async function decisionPasskeyOptions(
  context: EngineContext,
  actor: Actor,
): Promise<CreationOptions> {
  const personId = assertPerson(actor);
  assertFresh(context.now(), actor);
  return context.database.transaction(actor.operator_id, async (tx) => {
    const person = await approverOf(tx, personId);
    relyingParty(context);
    return openEnrolment(context, tx, actor, forDecisions(personId), {
      user: {
        handle: `decision:${personId}`,
        name: `${person.email} (decisions)`,
        display_name: `${person.name} (decisions)`,
      },
      discoverable: false,
    });
  });
}

/**
 * Enrols a passkey for decisions; it counts from its leaf on. Throws `fresh_sign_in_required`, `role_required`, `invalid_passkey`,
 * `already_exists`, `rate_limited`.
 */
export async function enrolDecisionPasskey(
  context: EngineContext,
  actor: Actor,
  wanted: { name: string; response: RegistrationResponse },
): Promise<DirectoryRow> {
  const personId = assertPerson(actor);
  assertFresh(context.now(), actor);
  const made = await answeredEnrolment(context, actor, forDecisions(personId), wanted.response);
  const algorithm = coseAlgorithms.find((one) => one === made.algorithm);
  if (algorithm === undefined) throw new Error("an algorithm that was not asked for");
  const id = context.new_id();
  const entry = makeEntry(
    context,
    "approver.enrolled",
    actor,
    { resource: id },
    enrolmentData({
      member: `person:${personId}`,
      credential_id: made.credential_id.toString("base64url"),
      public_key: made.public_key,
      algorithm,
      origin: relyingParty(context).origin,
    }),
  );
  try {
    const row = await context.database.transaction(actor.operator_id, async (tx) => {
      const person = await approverOf(tx, personId);
      const own = await listDirectory(tx, { person_id: personId, revoked: false });
      if (own.length >= maxPasskeys)
        throw new Refusal(
          "rate_limited",
          `Nobody decides with more than ${maxPasskeys} passkeys.`,
          {
            hint: "Revoke one first.",
          },
        );
      await insertDecisionPasskey(tx, {
        ...made,
        passkey_id: id,
        person_id: personId,
        name: wanted.name,
        entry_id: entry.row.entry_id,
        leaf_hash: entry.leaf,
        created_at: entry.row.at,
      });
      await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
      await tell(
        context,
        tx,
        person,
        "A passkey for decisions was added",
        `The passkey "${wanted.name}" can now approve mail in your name. If you did not add it, revoke it: ${context.public_url}/decision-passkeys`,
      );
      return theOne(await listDirectory(tx, { passkey_id: id, revoked: false }));
    });
    wake(context);
    return row;
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Refusal("already_exists", "This passkey is enrolled already.");
    throw error;
  }
}

/** Takes a passkey out of the directory: an own one, or, for owners and admins, anybody's. Throws `not_found`, `role_required`. */
export async function revokeFromDirectory(
  context: EngineContext,
  actor: Actor,
  passkeyId: string,
): Promise<DirectoryRow> {
  const personId = assertPerson(actor);
  const revoked = await context.database.transaction(actor.operator_id, async (tx) => {
    const self = await holdPerson(tx, personId);
    const [found] = await listDirectory(tx, { passkey_id: passkeyId, revoked: false });
    const manages = self?.role === "owner" || self?.role === "admin";
    if (!found || !self || (found.person_id !== personId && !manages))
      throw new Refusal("not_found", "There is no such passkey that you can revoke.", {
        field: "passkey_id",
      });
    const by = { revoked_by: `person:${personId}`, now: context.now() };
    if (!(await revokeDecisionPasskey(tx, passkeyId, by)))
      throw new Refusal("not_found", "It was revoked just now.", { field: "passkey_id" });
    const about = { resource: passkeyId };
    const entry = makeEntry(context, "approver.revoked", actor, about, {
      member: `person:${found.person_id}`,
    });
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    const owner = await holdPerson(tx, found.person_id);
    if (owner)
      await tell(
        context,
        tx,
        owner,
        "A passkey for decisions was revoked",
        `The passkey "${found.name}" approves nothing any more. What it approved before stands.`,
      );
    return theOne(await listDirectory(tx, { passkey_id: passkeyId, revoked: true }));
  });
  wake(context);
  return revoked;
}

/** The person, who must be allowed to decide. */
async function approverOf(tx: Tx, personId: string): Promise<PersonRow> {
  const person = await holdPerson(tx, personId);
  if (!person || person.role === "auditor")
    throw new Refusal("role_required", "Only approvers, admins and owners decide.");
  return person;
}

function theOne(rows: readonly DirectoryRow[]): DirectoryRow {
  const [row] = rows;
  if (!row) throw new Error("a passkey vanished in its own transaction");
  return row;
}

function wake(context: EngineContext): void {
  context.wake.sequence();
  context.wake.service_mail();
}
