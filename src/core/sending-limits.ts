/** How much a mailbox may send in a day, and when what comes back stops it. Pure figures. */

/** Messages on each day of a warm-up; after the last day only the quota holds. */
const warmUpDays = [50, 100, 200, 400, 800, 1500, 3000, 5000, 8000, 12_000, 18_000, 25_000];

/** The reputation stop (product contract, section 7): shares of what was sent, over at least so many messages. */
export const reputationRule = { at_least: 50, bounced: 0.05, complained: 0.003, days: 7 };

/** Messages that a mailbox may hand over today: its quota, and its warm-up where one is under way. */
export function dailyCap(mailbox: {
  quota: number;
  warm_up_started_at: Date | null;
  now: Date;
}): number {
  const { quota, warm_up_started_at: begun, now } = mailbox;
  if (begun === null) return quota;
  const day = Math.floor((now.getTime() - begun.getTime()) / 86_400_000);
  return Math.min(quota, warmUpDays[Math.max(0, day)] ?? Infinity);
}

/** Why a mailbox has to stop sending; null while it may go on. */
export function stopReason(counts: {
  handed: number;
  bounced: number;
  complained: number;
}): string | null {
  const { handed, bounced, complained } = counts;
  if (handed < reputationRule.at_least) return null;
  const share = (part: number): string => `${((100 * part) / handed).toFixed(1)} %`;
  if (bounced / handed > reputationRule.bounced)
    return `${bounced} of ${handed} messages in ${reputationRule.days} days bounced (${share(bounced)})`;
  if (complained / handed > reputationRule.complained)
    return `${complained} of ${handed} messages in ${reputationRule.days} days were complained about (${share(complained)})`;
  return null;
}
