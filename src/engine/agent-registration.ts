/** Agents that register themselves: a member gets six digits by mail, and with them the agent gets a mailbox and a narrow key. */
import { setTimeout as delay } from "node:timers/promises";
import { isReservedMailbox, operatorSlug } from "../core/operator-slug.ts";
import { Refusal } from "../core/refusal.ts";
import { insertApiKey } from "../store/credentials.ts";
import { type Tx, isUniqueViolation } from "../store/database.ts";
import { holdVerifiedDomain } from "../store/domains.ts";
import { insertMailbox } from "../store/mailboxes.ts";
import { listDomains } from "../store/operators.ts";
import { appendRecords } from "../store/records.ts";
import { takesServiceMail } from "../store/service-mail.ts";
import {
  type Admitter,
  type SignUpRow,
  endSignUp,
  findAdmitter,
  holdSignUp,
  hostOperator,
  insertSignUp,
} from "../store/sign-ups.ts";
import { readMailbox } from "./composition.ts";
import type { EngineContext } from "./context.ts";
import { refuseOverQuota, usualMailbox } from "./mailboxes.ts";
import { issueCode, redeemCode } from "./one-time-code.ts";
import { makeEntry, worker } from "./record.ts";
import { queueServiceMail } from "./service-mail.ts";
import { randomSuffix, wrongCode } from "./sign-up.ts";
import { paceSignUps, signUpLife } from "./sign-up-limits.ts";
import { agentMail } from "./sign-up-mail.ts";
import { newToken } from "./tokens.ts";

const wrongCodeTakes = 100;

/** What an agent asks for. All of it was checked for its form. */
export type AgentWish = {
  /** A member's address, or the oversight address. */
  oversight_email: string;
  agent_name: string;
  scopes: readonly ("read" | "send")[];
  /** The name of its mailbox; made from the agent's where it is absent. */
  mailbox_local_part?: string | undefined;
};

/** What a registration answers, whoever's the address is. */
export type AgentAsked = { registration_id: string; expires_at: Date };

/** What an agent begins with. `api_key` is shown once. */
export type AgentAdmitted = {
  operator_id: string;
  key_id: string;
  api_key: string;
  scopes: readonly string[];
  mailbox_id: string;
  mailbox_address: string;
};

/**
 * Mails six digits to an owner, an admin, or the oversight address, if the address is one: the answer is the same. Throws
 * `validation_failed`, `rate_limited`.
 */
export async function requestAgent(context: EngineContext, wish: AgentWish): Promise<AgentAsked> {
  const email = readMailbox(wish.oversight_email, "oversight_email").address;
  const host = await hostOperator(context.database);
  const admitter = await findAdmitter(context.database, email, host);
  const registrationId = context.new_id();
  const now = context.now();
  const expiresAt = new Date(now.getTime() + signUpLife);
  await context.database.transaction(host, async (tx) => {
    await paceSignUps(tx, { email, kind: "agent" }, now);
    await insertSignUp(tx, {
      sign_up_id: registrationId,
      kind: "agent",
      email,
      known: admitter !== null,
      joins: admitter?.operator_id ?? null,
      wanted: {
        agent_name: wish.agent_name,
        scopes: [...wish.scopes],
        mailbox: wish.mailbox_local_part ?? operatorSlug(wish.agent_name, null) ?? "agent",
      },
      created_at: now,
      expires_at: expiresAt,
    });
  });
  // Only who is somebody gets mail, and that takes time that an answer would show.
  if (admitter) void mailAdmitter(context, admitter, { email, wish, registrationId });
  return { registration_id: registrationId, expires_at: expiresAt };
}

async function mailAdmitter(
  context: EngineContext,
  admitter: Admitter,
  asked: { email: string; wish: AgentWish; registrationId: string },
): Promise<void> {
  const { wish } = asked;
  try {
    await context.database.transaction(admitter.operator_id, async (tx) => {
      const code = await issueCode(context, tx, {
        purpose: "agent",
        subject: asked.registrationId,
        data: {},
        life_ms: signUpLife,
        per_hour: 1,
        digits: true,
      });
      const [domain] = await listDomains(tx);
      const text = agentMail(context, {
        code,
        operator_name: admitter.operator_name,
        agent_name: wish.agent_name,
        scopes: wish.scopes,
        mailbox: `${wish.mailbox_local_part ?? operatorSlug(wish.agent_name, null) ?? "agent"}@${domain ?? context.instance_domain}`,
      });
      await queueServiceMail(context, tx, { kind: "code", to: asked.email, ...text });
    });
    context.wake.service_mail();
  } catch (error) {
    context.log.error({ error: String(error) }, "the code for an agent was not mailed");
  }
}

/**
 * Lets the agent in: a mailbox of its own in `gated_send`, and a key of its scopes that is bound to it. Throws `invalid_code`,
 * also where the address lets nobody in any more.
 */
export async function confirmAgent(
  context: EngineContext,
  given: { registration_id: string; code: string },
): Promise<AgentAdmitted> {
  const answerAt = performance.now() + wrongCodeTakes;
  const host = await hostOperator(context.database);
  const row = await context.database.as(host, (tx) =>
    holdSignUp(tx, given.registration_id, "agent"),
  );
  const admitter = row && (await findAdmitter(context.database, row.email, host));
  const admitted = await admitUnderFreeName(context, row?.joins ?? host, given, {
    row,
    admitter: admitter && admitter.operator_id === row?.joins ? admitter : null,
  });
  if (admitted === null) {
    await delay(Math.max(0, answerAt - performance.now()));
    throw wrongCode();
  }
  await context.database.as(host, (tx) => endSignUp(tx, given.registration_id, context.now()));
  context.wake.sequence();
  return admitted;
}

type Registration = { row: SignUpRow | null; admitter: Admitter | null };

/** Where the name is taken all is undone, the use of the code too, and tried again under another. */
async function admitUnderFreeName(
  context: EngineContext,
  operatorId: string,
  given: { registration_id: string; code: string },
  of: Registration,
): Promise<AgentAdmitted | null> {
  for (let attempt = 0; ; attempt++)
    try {
      return await context.database.transaction(operatorId, async (tx) => {
        const { registration_id: subject, code } = given;
        const right = await redeemCode(context, tx, { purpose: "agent", subject, code });
        if (!right || !of.row || !of.admitter) return null;
        const suffix = attempt === 0 ? null : randomSuffix(context.random);
        return admit(context, tx, { row: of.row, admitter: of.admitter, suffix });
      });
    } catch (error) {
      if (attempt >= 10 || !isUniqueViolation(error, "mailbox_address_key")) throw error;
    }
}

async function admit(
  context: EngineContext,
  tx: Tx,
  { row, admitter, suffix }: { row: SignUpRow; admitter: Admitter; suffix: string | null },
): Promise<AgentAdmitted> {
  const { agent_name, scopes, mailbox } = row.wanted as unknown as {
    agent_name: string;
    scopes: ("read" | "send")[];
    mailbox: string;
  };
  await refuseOverQuota(context, tx);
  const address = await addressFor(context, tx, mailbox, suffix);
  const by = admitter.person_id === null ? "oversight address" : `person:${admitter.person_id}`;
  const agent: NewAgent = { agent_name, scopes, address, by };
  const mailboxId = await addMailbox(context, tx, agent);
  const key = await addKey(context, tx, agent, mailboxId);
  const admitted = { registration: row.sign_up_id, admitted_by: by };
  const about = { resource: mailboxId, mailbox_id: mailboxId };
  const { oversight_mode: mode, approvals_required } = usualMailbox;
  const mailboxData = { address, mode, approvals_required, ...admitted };
  const keyData = { scopes, mailbox_ids: [mailboxId], test: false, person_id: null, ...admitted };
  const entries = [
    makeEntry(context, "mailbox.created", worker, about, mailboxData).row,
    makeEntry(context, "api_key.created", worker, { resource: key.id }, keyData).row,
  ];
  await appendRecords(tx, { entries, openings: [], events: [] });
  return {
    operator_id: tx.operator_id,
    key_id: key.id,
    api_key: key.secret,
    scopes,
    mailbox_id: mailboxId,
    mailbox_address: address,
  };
}

type NewAgent = {
  agent_name: string;
  scopes: readonly ("read" | "send")[];
  address: string;
  /** Who let it in. */
  by: string;
};

/** The address wished for; with letters behind it where that is the service's, or one that codes are mailed to. */
async function addressFor(
  context: EngineContext,
  tx: Tx,
  mailbox: string,
  suffix: string | null,
): Promise<string> {
  const [domain] = await listDomains(tx);
  if (domain === undefined || !(await holdVerifiedDomain(tx, domain)))
    throw new Refusal("unknown_domain", "The operator has no verified domain.");
  const plain = `${mailbox}@${domain}`;
  const free = !isReservedMailbox(mailbox) && !(await takesServiceMail(tx, plain, context.now()));
  const ending = suffix ?? (free ? null : randomSuffix(context.random));
  return ending === null ? plain : `${mailbox}-${ending}@${domain}`;
}

async function addMailbox(context: EngineContext, tx: Tx, agent: NewAgent): Promise<string> {
  const { oversight_mode: mode, ...usual } = usualMailbox;
  const mailboxId = context.new_id();
  await insertMailbox(tx, {
    mailbox_id: mailboxId,
    address: agent.address,
    display_name: agent.agent_name,
    mode,
    ...usual,
    created_at: context.now(),
    updated_at: context.now(),
  });
  return mailboxId;
}

async function addKey(
  context: EngineContext,
  tx: Tx,
  agent: NewAgent,
  mailboxId: string,
): Promise<{ id: string; secret: string }> {
  const id = context.new_id();
  const { token, hash, shown } = newToken("mm_live_", context.random);
  await insertApiKey(tx, {
    key_id: id,
    name: agent.agent_name,
    token_hash: hash,
    prefix: shown,
    scopes: [...agent.scopes],
    mailbox_ids: [mailboxId],
    test: false,
    // An agent is a party of its own: whoever let it in decides on what it writes.
    person_id: null,
    created_by: agent.by,
    created_at: context.now(),
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
  });
  return { id, secret: token };
}
