/** How often one address may be signed up, by whomever, and all of them: the same for addresses that are known and those that are not. */
import { Refusal } from "../core/refusal.ts";
import type { Tx } from "../store/database.ts";
import { type SignUpRow, countSignUps, lockSignUps, signUpsSince } from "../store/sign-ups.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** Each is one mail to somebody who may know nothing of it. */
const limits = { hour: 3, day: 6 };

/**
 * All of an hour on this instance: beyond it, somebody has strangers mailed in our name. Of agents' registrations only those that mail
 * somebody count so, or addresses made up would close the door to all; what mails nobody is bounded for its rows.
 */
const instanceLimits = { account: 300, agent: 1000 };
const unmailedLimit = 20_000;

/** A sign-up and its code work for an hour. */
export const signUpLife = hour;

/** How long a sign-up is kept: as long as it counts, and a day for who asks what became of it. */
export const signUpKept = 2 * day;

/**
 * Lets one sign-up of the address at a time through, and throws `rate_limited` at the one that is too many. Whether the address is
 * somebody's makes no difference, so that the answer tells nothing.
 */
export async function paceSignUps(
  tx: Tx,
  of: { email: string; kind: SignUpRow["kind"] },
  now: Date,
): Promise<void> {
  await lockSignUps(tx, of.email);
  const most = instanceLimits[of.kind];
  const since = new Date(now.getTime() - hour);
  const isAgent = of.kind === "agent";
  const tooMany =
    (await countSignUps(tx, of.kind, since, most, isAgent)) >= most ||
    (isAgent && (await countSignUps(tx, of.kind, since, unmailedLimit, false)) >= unmailedLimit);
  if (tooMany)
    throw new Refusal("rate_limited", "This instance was asked too often within the hour.", {
      retry_after: 600,
    });
  const today = await signUpsSince(tx, of, new Date(now.getTime() - day));
  const lately = today.filter((at) => at.getTime() > now.getTime() - hour);
  const [first] = lately.length >= limits.hour ? lately : today.length >= limits.day ? today : [];
  if (!first) return;
  const ends = first.getTime() + (lately.length >= limits.hour ? hour : day);
  throw new Refusal("rate_limited", "This address was asked too often.", {
    hint: "Use the code that was mailed last, or wait.",
    retry_after: Math.max(1, Math.ceil((ends - now.getTime()) / 1000)),
  });
}
