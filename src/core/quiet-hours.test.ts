/** Quiet hours, as clocks really go. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isTimeZone, quietUntil } from "./quiet-hours.ts";

const night = { from: "22:00", to: "07:00", time_zone: "Europe/Berlin" };
const until = (at: string, quiet = night): string | null =>
  quietUntil(new Date(at), quiet)?.toISOString() ?? null;

test("quiet hours over midnight end the next morning, in the person's time zone", () => {
  expect(until("2026-01-10T20:59:59Z")).toBeNull();
  expect(until("2026-01-10T21:00:00Z")).toBe("2026-01-11T06:00:00.000Z");
  expect(until("2026-01-10T23:30:00Z")).toBe("2026-01-11T06:00:00.000Z");
  expect(until("2026-01-11T05:59:59.999Z")).toBe("2026-01-11T06:00:00.000Z");
  expect(until("2026-01-11T06:00:00Z")).toBeNull();
});

test("quiet hours within a day, and none where both ends are the same", () => {
  const lunch = { from: "12:00", to: "13:30", time_zone: "America/New_York" };
  expect(until("2026-07-01T16:00:00Z", lunch)).toBe("2026-07-01T17:30:00.000Z");
  expect(until("2026-07-01T17:30:00Z", lunch)).toBeNull();
  expect(until("2026-07-01T16:00:00Z", { ...lunch, to: "12:00" })).toBeNull();
});

test("the night in which clocks are set forward is an hour shorter, the one in which they are set back an hour longer", () => {
  // 29 March 2026: 02:00 becomes 03:00. 25 October 2026: 03:00 becomes 02:00.
  expect(until("2026-03-28T21:30:00Z")).toBe("2026-03-29T05:00:00.000Z");
  expect(until("2026-10-24T20:30:00Z")).toBe("2026-10-25T06:00:00.000Z");
});

test("an end that the clock skips comes when it has been skipped; one that comes twice counts the first time", () => {
  const early = { ...night, to: "02:30" };
  expect(until("2026-03-29T00:30:00Z", early)).toBe("2026-03-29T01:30:00.000Z");
  expect(until("2026-10-24T23:00:00Z", early)).toBe("2026-10-25T00:30:00.000Z");
});

test("zones with half hours and beyond the date line", () => {
  expect(until("2026-06-01T17:00:00Z", { ...night, time_zone: "Asia/Kolkata" })).toBe(
    "2026-06-02T01:30:00.000Z",
  );
  expect(until("2026-06-01T09:00:00Z", { ...night, time_zone: "Pacific/Kiritimati" })).toBe(
    "2026-06-01T17:00:00.000Z",
  );
});

test("whatever the hour and the zone: quiet ends within a day and an hour, and is over then", () => {
  const clock = fc
    .tuple(fc.nat(23), fc.nat(59))
    .map(([h, m]) => `${String(h).padStart(2, "0")}:${String(m).padStart(2, "0")}`);
  fc.assert(
    fc.property(
      fc.date({ min: new Date("2020-01-01"), max: new Date("2035-01-01"), noInvalidDate: true }),
      clock,
      clock,
      fc.constantFrom(
        "Europe/Berlin",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Tokyo",
        "UTC",
      ),
      (now, from, to, time_zone) => {
        const end = quietUntil(now, { from, to, time_zone });
        if (end === null) return;
        expect(end.getTime()).toBeGreaterThan(now.getTime());
        expect(end.getTime() - now.getTime()).toBeLessThanOrEqual(25 * 3_600_000);
        // An hour that comes twice may be quiet twice.
        const again = quietUntil(end, { from, to, time_zone });
        if (again) expect(again.getTime() - end.getTime()).toBeLessThanOrEqual(25 * 3_600_000);
      },
    ),
  );
});

test("time zones are names that the machine knows", () => {
  for (const good of ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+3"])
    expect(isTimeZone(good), good).toBe(true);
  for (const bad of [
    "",
    "Mars/Base",
    "+02:00",
    "Europe/Berlin\n",
    "../etc/passwd",
    "x".repeat(999),
  ])
    expect(isTimeZone(bad), bad.slice(0, 20)).toBe(false);
});
