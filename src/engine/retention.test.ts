/** How long mail is kept, whatever anybody calls it. */
import { describe, expect, test } from "vitest";
import { keptUntil } from "./retention.ts";

const made = new Date("2026-01-01T00:00:00Z");
const keep = (keep_days: number) => ({ keep_days, delete_after_days: null });
const version = (inbound: number, spam: number, at: string) => ({
  rules: { outbound: keep(5), inbound: keep(inbound), spam: keep(spam) },
  created_at: new Date(at),
});
const before = "2025-12-01T00:00:00Z";
const mail = (status: string, user_label: string | null = null, verdict = "pass") => ({
  direction: "inbound" as const,
  status,
  user_label,
  screening: { verdict },
  created_at: made,
});
const days = (until: Date): number => (until.getTime() - made.getTime()) / 86_400_000;

describe("keptUntil", () => {
  const rules = [version(3650, 10, before)];
  const strictSpam = [version(10, 3650, before)];

  test("ordinary mail and mail that came as spam have each their own time", () => {
    expect(days(keptUntil(rules, mail("unread")))).toBe(3650);
    expect(days(keptUntil(rules, mail("spam_quarantined", null, "spam")))).toBe(10);
    expect(days(keptUntil(strictSpam, mail("read")))).toBe(10);
  });

  test("reporting mail as spam, or saying that it is none, does not shorten its time", () => {
    expect(days(keptUntil(rules, mail("spam_quarantined", "spam")))).toBe(3650);
    expect(days(keptUntil(strictSpam, mail("unread", "not_spam", "spam")))).toBe(3650);
  });

  test("releasing or refusing what screening set aside does not either", () => {
    for (const status of ["unread", "rejected", "archived"])
      expect(days(keptUntil(strictSpam, mail(status, null, "review"))), status).toBe(3650);
  });

  test("every version that it lived under counts, and none from before", () => {
    const versions = [
      version(1, 0, "2026-03-01T00:00:00Z"),
      version(0, 400, "2026-02-01T00:00:00Z"),
      version(90, 0, before),
      version(9999, 9999, "2025-11-01T00:00:00Z"),
    ];
    expect(days(keptUntil(versions, mail("unread")))).toBe(90);
    expect(days(keptUntil(versions, mail("unread", "not_spam")))).toBe(400);
    expect(days(keptUntil(versions, { ...mail("sent"), direction: "outbound" }))).toBe(5);
  });
});
