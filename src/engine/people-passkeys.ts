/** The passkeys that a person signs in with: enrolled, named and revoked by themselves, each time with a mail to them. */
import { type CreationOptions, type RegistrationResponse } from "../contract/webauthn.ts";
import type { Actor } from "../core/actor.ts";
import { Refusal } from "../core/refusal.ts";
import { isUniqueViolation } from "../store/database.ts";
import { type PersonRow, holdPerson } from "../store/people.ts";
import { appendRecords } from "../store/records.ts";
import {
  type PasskeyRow,
  insertSignInPasskey,
  listSignInPasskeys,
  renameSignInPasskey,
  revokeSignInPasskey,
} from "../store/sign-in-passkeys.ts";
import type { Tx } from "../store/database.ts";
import type { EngineContext } from "./context.ts";
import { answeredEnrolment, openEnrolment } from "./passkey-enrolment.ts";
import { tell } from "./people.ts";
import { assertFresh, assertPerson } from "./person-rules.ts";
import { makeEntry } from "./record.ts";

/** More devices than anybody signs in with. */
const maxPasskeys = 20;

const forSignIn = (person_id: string) => ({ purpose: "sign_in", person_id }) as const;

/** The actor's own sign-in passkeys. */
export async function findPasskeys(context: EngineContext, actor: Actor): Promise<PasskeyRow[]> {
  const personId = assertPerson(actor);
  return context.database.as(actor.operator_id, (tx) => listSignInPasskeys(tx, personId));
}

/** Options of a prompt that makes a sign-in passkey. Throws `fresh_sign_in_required`, `passkeys_unavailable`, `rate_limited`. */
export async function passkeyOptions(
  context: EngineContext,
  actor: Actor,
): Promise<CreationOptions> {
  const personId = assertPerson(actor);
  assertFresh(context.now(), actor);
  return context.database.transaction(actor.operator_id, async (tx) => {
    const person = await selfOf(tx, personId);
    return openEnrolment(context, tx, actor, forSignIn(personId), {
      // Other than the handle of passkeys for decisions, which would else be replaced on the device.
      user: { handle: `sign-in:${personId}`, name: person.email, display_name: person.name },
      discoverable: true,
    });
  });
}

/** Enrols a sign-in passkey. Throws `fresh_sign_in_required`, `invalid_passkey`, `already_exists`. */
export async function enrolPasskey(
  context: EngineContext,
  actor: Actor,
  wanted: { name: string; response: RegistrationResponse },
): Promise<PasskeyRow> {
  const personId = assertPerson(actor);
  assertFresh(context.now(), actor);
  const enrolled = await answeredEnrolment(context, actor, forSignIn(personId), wanted.response);
  const id = context.new_id();
  try {
    return await change(context, actor, async (tx, person) => {
      if ((await listSignInPasskeys(tx, personId)).length >= maxPasskeys)
        throw new Refusal("rate_limited", `Nobody has more than ${maxPasskeys} sign-in passkeys.`, {
          hint: "Revoke one first.",
        });
      await insertSignInPasskey(tx, {
        ...enrolled,
        passkey_id: id,
        person_id: personId,
        name: wanted.name,
        created_at: context.now(),
      });
      const row = (await listSignInPasskeys(tx, personId)).find((one) => one.passkey_id === id);
      if (!row) throw new Error("a passkey vanished in its own transaction");
      const { algorithm, backed_up } = enrolled;
      return {
        row,
        type: "passkey.enrolled",
        data: { person_id: person.person_id, algorithm, backed_up },
        mail: ["A passkey was added", `You can now sign in with the passkey "${wanted.name}".`],
      };
    });
  } catch (error) {
    if (isUniqueViolation(error))
      throw new Refusal("already_exists", "This passkey is enrolled already.");
    throw error;
  }
}

/** Renames an own sign-in passkey. Throws `fresh_sign_in_required`, `not_found`. */
export async function renamePasskey(
  context: EngineContext,
  actor: Actor,
  passkeyId: string,
  name: string,
): Promise<PasskeyRow> {
  const of = { passkey_id: passkeyId, person_id: assertPerson(actor) };
  assertFresh(context.now(), actor);
  return change(context, actor, async (tx) => ({
    row: there(await renameSignInPasskey(tx, of, name)),
    type: "passkey.renamed",
    data: { person_id: of.person_id },
    mail: ["A passkey was renamed", `One of your sign-in passkeys is now called "${name}".`],
  }));
}

/** Revokes an own sign-in passkey. Throws `fresh_sign_in_required`, `not_found`. */
export async function revokePasskey(
  context: EngineContext,
  actor: Actor,
  passkeyId: string,
): Promise<PasskeyRow> {
  const of = { passkey_id: passkeyId, person_id: assertPerson(actor) };
  assertFresh(context.now(), actor);
  const by = { revoked_by: `person:${of.person_id}`, now: context.now() };
  return change(context, actor, async (tx) => {
    const row = there(await revokeSignInPasskey(tx, of, by));
    return {
      row,
      type: "passkey.revoked",
      data: { person_id: of.person_id },
      mail: ["A passkey was revoked", `The passkey "${row.name}" signs nobody in any more.`],
    };
  });
}

type Changed = {
  row: PasskeyRow;
  type: string;
  data: Record<string, unknown>;
  mail: readonly [subject: string, what: string];
};

/** One change of the actor's passkeys, with its entry and the mail that tells of it. */
async function change(
  context: EngineContext,
  actor: Actor,
  work: (tx: Tx, person: PersonRow) => Promise<Changed>,
): Promise<PasskeyRow> {
  const row = await context.database.transaction(actor.operator_id, async (tx) => {
    const person = await selfOf(tx, actor.person_id ?? "");
    const changed = await work(tx, person);
    const about = { resource: changed.row.passkey_id };
    const entry = makeEntry(context, changed.type, actor, about, changed.data);
    await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
    await tell(context, tx, person, ...changed.mail);
    return changed.row;
  });
  context.wake.sequence();
  context.wake.service_mail();
  return row;
}

async function selfOf(tx: Tx, personId: string): Promise<PersonRow> {
  const person = await holdPerson(tx, personId);
  if (!person) throw new Refusal("role_required", "You are not a member any more.");
  return person;
}

function there(row: PasskeyRow | null): PasskeyRow {
  if (!row) throw new Refusal("not_found", "You have no such passkey.", { field: "passkey_id" });
  return row;
}
