/** Checks of a mail as it was received: that it is the message decided on, its identity header, its claim of approval, its DKIM signatures. */
import {
  DigestMismatch,
  digestAsReceived,
  frozenPart,
  UNSUBSCRIBE_PLACEHOLDER,
  UNSUBSCRIBE_TOKEN_LENGTH,
} from "../mail/digest.ts";
import { MessageSyntaxError, withCrlf } from "../mail/headers.ts";
import type { IdentityClaims } from "../mail/identity.ts";
import { verifyMessage } from "../mail/verify.ts";
import type { MessageReport, Resolver } from "../mail/verify.ts";
import type { Stated } from "./bundle-decisions.ts";
import type { Bundle, PublicKeys } from "./bundle-format.ts";
import type { ReadBundle } from "./bundle-parse.ts";
import { CheckFailure, refuse, reportOf, runCheck } from "./bundle-report.ts";
import type { BundleReport, Check, Outcome } from "./bundle-report.ts";
import { stepsOf } from "./bundle-story.ts";
import type { Story } from "./bundle-story.ts";

/** What a mail proves by itself. `expired` is set where the identity statement held only until then. */
export type MailEvidence = MessageReport & { expired: Date | null };

/** The last second that a Date can hold (ECMA-262, Time Values). */
const lastSecond = 8_640_000_000_000;

/** Answers from the known DKIM records and from nowhere else. */
function resolverOf(dkim: PublicKeys["dkim"]): Resolver {
  const records = new Map(Object.entries(dkim).map(([name, txt]) => [name.toLowerCase(), txt]));
  return (name, type) => {
    const record = type === "TXT" ? records.get(name.toLowerCase()) : undefined;
    return record === undefined
      ? Promise.reject(Object.assign(new Error("no such record is known"), { code: "ENOTFOUND" }))
      : Promise.resolve([[record]]);
  };
}

/**
 * Verifies a mail by known keys only. DKIM is judged at the time the identity statement was made: signatures expire after
 * two weeks so that nobody sends the mail again, which says nothing against a mail that was kept.
 */
export async function readMail(
  eml: Buffer,
  keys: PublicKeys,
  now: Date,
  recipient?: string,
): Promise<MailEvidence> {
  const at = (time: Date): Promise<MessageReport> =>
    verifyMessage(eml, {
      resolver: resolverOf(keys.dkim),
      jwks: keys.jwks,
      now: time,
      ...(recipient === undefined ? {} : { recipient }),
    });
  const first = await at(now);
  const { claims } = first.identity;
  if (claims === undefined) return { ...first, expired: null };
  if ([claims.iat, claims.exp].some((seconds) => Math.abs(seconds) > lastSecond)) {
    const identity = { verdict: "invalid", reason: "its times are no times" } as const;
    return { ...first, identity, expired: null };
  }
  const whenSigned = await at(new Date(claims.iat * 1000));
  return {
    dkim: whenSigned.dkim,
    identity: first.identity.verdict === "expired" ? whenSigned.identity : first.identity,
    expired: first.identity.verdict === "expired" ? new Date(claims.exp * 1000) : null,
  };
}

/** The recipient whose copy this is, found by the token in it, and that restoring the token gives the digest. */
export function checkMailContent(
  eml: Buffer,
  { mime, recipients, digest }: ReadBundle,
): Bundle["recipients"][number] | null {
  if (mime === null)
    throw new CheckFailure("the message was erased: there is nothing to compare with");
  const addresses = recipients.map(({ address }) => address);
  try {
    const frozen = frozenPart(withCrlf(eml));
    const place = mime.indexOf(UNSUBSCRIBE_PLACEHOLDER);
    const token =
      place < 0 ? null : frozen.toString("latin1", place, place + UNSUBSCRIBE_TOKEN_LENGTH);
    const recipient = recipients.find((one) => one.token === token) ?? null;
    if (token !== null && recipient === null)
      throw new CheckFailure(
        "no recipient's token of the bundle stands where it must: it is another message",
      );
    if (digestAsReceived(eml, token, addresses) !== digest)
      throw new CheckFailure(
        "it is not the message that was decided on, or it was changed on the way",
      );
    return recipient;
  } catch (error) {
    if (
      error instanceof MessageSyntaxError ||
      error instanceof DigestMismatch ||
      error instanceof TypeError
    )
      throw new CheckFailure(error.message);
    throw error;
  }
}

/** The identity header is valid for this content and recipient. `kept` mail may have outlived its statement. */
export function checkMailIdentity({ identity, expired }: MailEvidence, kept: boolean): Outcome {
  const { verdict, reason, claims } = identity;
  if (verdict !== "valid" || claims === undefined) throw new CheckFailure(`${verdict}: ${reason}`);
  if (expired !== null && !kept)
    throw new CheckFailure(`expired: the statement held until ${expired.toISOString()}`);
  const until = expired === null ? "" : `; the statement held until ${expired.toISOString()}`;
  return `written by ${claims.agent} of ${claims.operator.name} under ${claims.oversight}, as ${claims.sub}${until}`;
}

/** Every signature by a known key passes, one at least is there, and none leaves room for a second From. */
export function checkMailDkim({ dkim }: MailEvidence, known: PublicKeys["dkim"]): Outcome {
  const names = new Set(Object.keys(known).map((name) => name.toLowerCase()));
  const ours = dkim.signatures.filter(({ domain, selector }) =>
    names.has(`${selector}._domainkey.${domain}`.toLowerCase()),
  );
  if (ours.length === 0)
    throw new CheckFailure(dkim.reason ?? "no DKIM signature is by a known key");
  refuse(
    ours.flatMap(({ domain, selector, result, reason, aligned, oversigned }) => {
      const name = `${selector}._domainkey.${domain}`;
      if (result !== "pass") return [`${name}: ${result}${reason === null ? "" : ` (${reason})`}`];
      if (!aligned) return [`${name}: not of the From domain`];
      return oversigned ? [] : [`${name}: leaves room for a second From`];
    }),
  );
  const others = dkim.signatures.length - ours.length;
  const rest = others === 0 ? "" : `; ${others} by others were not looked at`;
  return `${ours.length} signature(s) of ${ours[0]?.domain} pass${rest}`;
}

/** The claim of approval in the identity header is that of a decision in the bundle. */
export function checkMailApproval(
  claims: IdentityClaims,
  story: Story,
  stated: readonly Stated[],
  origin: string,
): Outcome {
  if (claims.oversight !== story.submitted.mode)
    throw new CheckFailure(`it names mode ${claims.oversight}, the log ${story.submitted.mode}`);
  const { approval } = claims;
  const named = new Set(stepsOf(story, "handed_off").flatMap((step) => step.approvals));
  if (approval === undefined) {
    if (story.submitted.gated || named.size > 0)
      throw new CheckFailure("it claims no approval, though the message was behind a gate");
    return { absent: "no approval is claimed, and none was required" };
  }
  const match = stated.find(
    ({ decided, hash }) => decided.entry.leaf === approval.leaf && hash === approval.stmt,
  );
  if (match === undefined)
    throw new CheckFailure("it claims an approval that the bundle does not have");
  const { decision, class: strength } = match.decided;
  if (decision !== "approve") throw new CheckFailure(`it claims a decision that was ${decision}`);
  if (strength !== approval.class)
    throw new CheckFailure(`it claims class ${approval.class}, the decision is class ${strength}`);
  if (approval.log !== origin) throw new CheckFailure("it names another log");
  return `approved (class ${strength}) by the decision that it names`;
}

/** Verifies a mail by itself, without evidence: identity header and DKIM, by keys that were had before. */
export async function verifyMail(
  eml: Buffer,
  { keys, now }: { keys: PublicKeys; now: Date },
): Promise<BundleReport> {
  const evidence = await readMail(eml, keys, now);
  const checks: Check[] = [
    await runCheck("mail_identity", () => checkMailIdentity(evidence, false)),
    await runCheck("mail_approval", () => claimOf(evidence)),
    await runCheck("mail_dkim", () => checkMailDkim(evidence, keys.dkim)),
  ];
  return reportOf(checks);
}

function claimOf({ identity: { verdict, claims } }: MailEvidence): Outcome {
  if (verdict !== "valid" || claims === undefined)
    return { absent: "the identity header does not hold" };
  if (claims.approval === undefined) return { absent: "no approval is claimed" };
  return {
    absent: `class ${claims.approval.class} is claimed; its evidence bundle would prove it`,
  };
}
