/** Signing up: somebody asks for an account, a code goes to the address that will oversee it, and the code makes the account. */
import { setTimeout as delay } from "node:timers/promises";
import { operatorSlug } from "../core/operator-slug.ts";
import { Refusal } from "../core/refusal.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import { appendRecords } from "../store/records.ts";
import {
  type SignUpRow,
  endSignUps,
  holdSignUp,
  hostOperator,
  insertSignUp,
  isHostedDomain,
  lockSignUps,
  ownsAccount,
  useProof,
} from "../store/sign-ups.ts";
import { domainOf } from "./addresses.ts";
import { type SignedUp, foundSignedUp } from "./bootstrap.ts";
import { readMailbox } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { issueCode, redeemCode } from "./one-time-code.ts";
import { checkProof, invalidProof } from "./proof-of-work.ts";
import { makeEntry, worker } from "./record.ts";
import { queueServiceMail } from "./service-mail.ts";
import { paceSignUps, signUpLife } from "./sign-up-limits.ts";
import { knownAddressMail, signUpMail } from "./sign-up-mail.ts";

/** A wrong code is answered no sooner, in milliseconds, whether or not there was something to try. */
const wrongCodeTakes = 100;

/** What somebody asks for who wants an account. All of it was checked for its form. */
export type NewAccount = {
  operator_name: string;
  /** Stands in the footer of every message, as the law asks of commercial mail. */
  postal_address: string;
  /** Whose code makes the account, and who oversees it then. */
  oversight_email: string;
  owner_name: string;
  mailbox_local_part: string;
};

/** What a sign-up answers, whoever's the address is. */
export type SignUpAsked = { sign_up_id: string; expires_at: Date };

/**
 * Mails a code for a new account, or the news that there is one already: the answer, and the work for it, are the same. Throws
 * `invalid_proof`, `rate_limited`, and `validation_failed` for an address whose mail comes here, where agents read it.
 */
export async function requestSignUp(
  context: EngineContext,
  wanted: NewAccount & { altcha: string },
): Promise<SignUpAsked> {
  const email = readMailbox(wanted.oversight_email, "oversight_email").address;
  const proof = await checkProof(context, wanted.altcha);
  await assertElsewhere(context, email);
  const host = await hostOperator(context.database);
  const known = await ownsAccount(context.database, email);
  const { altcha: _, oversight_email: __, ...account } = wanted;
  const asked = await context.database.transaction(host, async (tx) => {
    if (!(await useProof(tx, proof.challenge, proof.expires_at)))
      throw invalidProof("This solution was used before.");
    const now = context.now();
    await paceSignUps(tx, { email, kind: "account" }, now);
    const signUpId = context.new_id();
    const expiresAt = new Date(now.getTime() + signUpLife);
    await insertSignUp(tx, {
      sign_up_id: signUpId,
      kind: "account",
      email,
      known,
      joins: null,
      wanted: account,
      created_at: now,
      expires_at: expiresAt,
    });
    // Issued for a known address too, and told to nobody: the work is the same.
    const code = await issueCode(context, tx, {
      purpose: "sign_up",
      subject: signUpId,
      data: {},
      life_ms: signUpLife,
      per_hour: 1,
    });
    const text = known ? knownAddressMail(context) : signUpMail(context, code);
    await queueServiceMail(context, tx, { kind: "code", to: email, ...text });
    return { sign_up_id: signUpId, expires_at: expiresAt };
  });
  context.wake.service_mail();
  return asked;
}

/** What a confirmed sign-up begins with. `key` is shown once. */
export type Confirmed = SignedUp & { operator_slug: string };

/**
 * Makes the account. The code is used up, and every other sign-up of the address ended, before the account is founded: two who
 * confirm at once found one. A crash in between leaves no account, and the address may sign up again. Throws `invalid_code`.
 */
export async function confirmSignUp(
  context: EngineContext,
  given: { sign_up_id: string; code: string },
): Promise<Confirmed> {
  const answerAt = performance.now() + wrongCodeTakes;
  const host = await hostOperator(context.database);
  const operatorId = context.new_id();
  const row = await context.database.transaction(host, (tx) =>
    takeSignUp(context, tx, given, operatorId),
  );
  if (row === null || (await ownsAccount(context.database, row.email))) {
    await delay(Math.max(0, answerAt - performance.now()));
    throw wrongCode();
  }
  await assertElsewhere(context, row.email);
  const confirmed = await foundUnderFreeName(context, operatorId, row);
  context.log.info({ operator_id: operatorId }, "an account was signed up");
  return confirmed;
}

/** The sign-up that the code lets through, or null. A wrong try must be committed, so nothing is thrown here. */
async function takeSignUp(
  context: EngineContext,
  tx: Tx,
  { sign_up_id, code }: { sign_up_id: string; code: string },
  operatorId: string,
): Promise<SignUpRow | null> {
  const row = await holdSignUp(tx, sign_up_id, "account");
  // Tried for an unknown one as well: it takes the same time, and finds no code.
  const right = await redeemCode(context, tx, { purpose: "sign_up", subject: sign_up_id, code });
  if (!row || !right || row.known || row.ended_at !== null) return null;
  await lockSignUps(tx, row.email);
  await endSignUps(tx, { email: row.email, kind: "account" }, context.now());
  const entry = makeEntry(context, "sign_up.confirmed", worker, { resource: operatorId }, {});
  await appendRecords(tx, { entries: [entry.row], openings: [], events: [] });
  return row;
}

/** Founds under the operator's own name; where that is taken or reserved, under the name with four random letters behind it. */
async function foundUnderFreeName(
  context: EngineContext,
  operatorId: string,
  row: SignUpRow,
): Promise<Confirmed> {
  const wanted = row.wanted as unknown as Omit<NewAccount, "oversight_email">;
  for (let attempt = 0; ; attempt++) {
    const slug = operatorSlug(
      wanted.operator_name,
      attempt === 0 ? null : randomSuffix(context.random),
    );
    if (slug === null) continue;
    try {
      const founded = await foundSignedUp(context, operatorId, {
        name: wanted.operator_name,
        slug,
        postal_address: wanted.postal_address,
        oversight_address: row.email,
        owner: { name: wanted.owner_name, email: row.email },
        domain: `${slug}.${context.instance_domain}`,
        mailbox_local_part: wanted.mailbox_local_part,
      });
      return { ...founded, operator_slug: slug };
    } catch (error) {
      if (attempt >= 10 || !isUniqueViolation(error)) throw error;
    }
  }
}

/** Four letters and digits that make a name one's own. */
export function randomSuffix(random: (length: number) => Buffer): string {
  return random(4).toString("hex").slice(0, 4);
}

/** Refuses an address whose mail comes to this instance: an agent that reads it would approve what it writes. */
async function assertElsewhere(context: EngineContext, email: string): Promise<void> {
  if (await isHostedDomain(context.database, domainOf(email), context.instance_domain))
    throw new Refusal(
      "validation_failed",
      "oversight_email: mail for this domain comes to this instance, where agents read it.",
      { field: "oversight_email", hint: "Give an address that only the person reads." },
    );
}

/** The one answer to a code that does nothing. */
export function wrongCode(): Refusal {
  return new Refusal("invalid_code", "This code is wrong, was used, or has expired.", {
    field: "code",
    hint: "After five wrong tries a code is dead: ask for another.",
  });
}
