/** Quiet hours: when a person's day in their time zone lets them be told again, across midnight and changes of the clock. */

/** Local times `HH:MM`, and an IANA time zone. `to` before `from` lies on the next day; equal times are no quiet hours. */
export type QuietHours = { from: string; to: string; time_zone: string };

const minute = 60_000;
const day = 24 * 60 * minute;

/** `22:00`. */
export const clockPattern = /^(?:[01]\d|2[0-3]):[0-5]\d$/;

/** True for a time zone that this machine knows by name. Offsets such as `+02:00` are none: they know no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** When the quiet hours that hold at `now` end; null where none hold. */
export function quietUntil(now: Date, quiet: QuietHours): Date | null {
  const from = minutesOf(quiet.from);
  const to = minutesOf(quiet.to);
  if (from === to) return null;
  const local = localOf(now.getTime(), quiet.time_zone);
  // Minutes of the local day, and the day itself, both as if the local clock were UTC.
  const at = Math.floor((local % day) / minute);
  const today = local - (local % day);
  const over = from > to;
  if (over ? at < from && at >= to : at < from || at >= to) return null;
  const end = today + (over && at >= from ? day : 0) + to * minute;
  const instant = instantOf(end, quiet.time_zone);
  // Clocks set back may show the end's time once more: then quiet is over at its first.
  return new Date(Math.max(instant, now.getTime() + 1));
}

function minutesOf(clock: string): number {
  return Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  // There are some 600 zones; names that differ in case only would make more.
  if (formats.size < 1000) formats.set(timeZone, made);
  return made;
}

/** The local clock at an instant, in milliseconds as if it were UTC. */
function localOf(instant: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day: date = 1, hour = 0, minute: minutes = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, date, hour, minutes, second);
}

/**
 * The instant at which a local clock shows a time. A time that is skipped in spring becomes as much later as the clock is set
 * forward; of a time that comes twice in autumn the first counts.
 */
function instantOf(local: number, timeZone: string): number {
  const offsetAt = (instant: number): number =>
    localOf(instant, timeZone) - Math.floor(instant / 1000) * 1000;
  const before = local - offsetAt(local - day);
  const after = local - offsetAt(local + day);
  const fits = [before, after].filter((one) => localOf(one, timeZone) === local);
  return fits.length > 0 ? Math.min(...fits) : Math.max(before, after);
}
