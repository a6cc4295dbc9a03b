/** Signing on the way out: one recipient's token, identity claim and DKIM signatures over the frozen bytes. */
import { createHash } from "node:crypto";
import { type FinalizeInput, finalize } from "../mail/finalize.ts";
import { domainOf, returnPath } from "./addresses.ts";
import type { EngineContext } from "./context.ts";
import { unsubscribeToken } from "./unsubscribe-token.ts";

/** A message that may go to the wire now: what the hand-off transaction gives the worker. */
export type Outgoing = {
  operator_id: string;
  message_id: string;
  mailbox_id: string;
  /** Fencing token of the claim; the result is written with it. */
  token: string;
  attempt: number;
  /** After this it is of no use to whoever gets it; null: no such time. */
  expires_at: Date | null;
  mime: Buffer;
  digest: string;
  /** Header From. */
  from_address: string;
  /** Every recipient of the envelope: part of the digest, hashed in the identity claim. */
  envelope: readonly string[];
  /** Those who are written to in this attempt. */
  recipients: readonly { position: number; address: string }[];
  /** `verified`: it has proven the domain of From as its own. */
  operator: { id: string; name: string; verified: boolean };
  /** Credential that wrote it, opaque to the world. */
  agent: string;
  mode: string;
  capabilities: readonly string[];
  approval: { statement: Buffer; leaf: Buffer; class: "A" | "B" | "C" } | null;
};

/** The envelope sender of one recipient's copy, by which a bounce tells what it is about. */
export function returnPathOf(
  context: Pick<EngineContext, "unsubscribe_key">,
  outgoing: Outgoing,
  recipient: { position: number },
): string {
  const domain = domainOf(outgoing.from_address);
  return returnPath(
    context.unsubscribe_key,
    {
      operator_id: outgoing.operator_id,
      message_id: outgoing.message_id,
      position: recipient.position,
    },
    domain,
  );
}

/** Throws where no copy could be signed. Asked before a destination is dialled: it would only hear us hang up. */
export async function assertSignable(
  context: Pick<EngineContext, "keyring">,
  outgoing: Pick<Outgoing, "operator_id" | "from_address">,
): Promise<void> {
  await dkimKeysOf(context, outgoing);
}

/** The exact bytes for one recipient. Throws `DigestMismatch` when they are not what was decided on. */
export async function signFor(
  context: Pick<EngineContext, "keyring" | "now" | "random" | "public_url" | "unsubscribe_key">,
  outgoing: Outgoing,
  recipient: { position: number; address: string },
): Promise<Buffer> {
  const keys = await context.keyring.of(outgoing.operator_id);
  const dkim = await dkimKeysOf(context, outgoing);
  return finalize({
    mime: outgoing.mime,
    recipients: outgoing.envelope,
    digest: outgoing.digest,
    token: unsubscribeToken(context.unsubscribe_key, {
      operator_id: outgoing.operator_id,
      message_id: outgoing.message_id,
      position: recipient.position,
    }),
    date: context.now(),
    recipient: recipient.address,
    identity: {
      key: { privateKey: keys.identity.private_key, kid: keys.identity.kid },
      claims: {
        iss: context.public_url,
        sub: outgoing.from_address,
        operator: outgoing.operator,
        agent: outgoing.agent,
        ai_generated: true,
        oversight: outgoing.mode,
        capabilities: [...outgoing.capabilities],
        jti: context.random(16).toString("base64url"),
        ...(outgoing.approval
          ? {
              approval: {
                log: keys.log.origin,
                stmt: createHash("sha256").update(outgoing.approval.statement).digest("hex"),
                leaf: outgoing.approval.leaf.toString("hex"),
                class: outgoing.approval.class,
              },
            }
          : {}),
      },
    },
    dkim,
  });
}

async function dkimKeysOf(
  context: Pick<EngineContext, "keyring">,
  outgoing: Pick<Outgoing, "operator_id" | "from_address">,
): Promise<FinalizeInput["dkim"]> {
  const domain = domainOf(outgoing.from_address);
  const dkim = await context.keyring.dkimOf(outgoing.operator_id, domain);
  // Retried by the schedule: the message waits for its domain, with these words as the reason.
  if (dkim.length === 0)
    throw new Error(
      `${domain} has no DKIM key in use: verify the domain, and this message goes out`,
    );
  return dkim;
}
