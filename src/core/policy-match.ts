/** Whether a rule's conditions meet a message: each yes, no, or not known. Conditions are read as stored, and never trusted. */
import { matchesPattern } from "./allowlist.ts";
import type { Verdict } from "./oversight/types.ts";

/** A rule's conditions as stored: `recipients`, `direction`, `recipient_known` and the others of {@link conditionNames}. */
export type Conditions = Readonly<Record<string, unknown>>;

/** Yes, no, or null where it cannot be said. */
export type Met = boolean | null;

/** What the rules know of a message; null is what nobody knows. */
export type PolicyFacts = {
  direction: "outbound" | "inbound";
  /** Those written to; of received mail, its sender. `known`: the mailbox has sent them mail before, and their server took it. */
  recipients: readonly { address: string; known: Met }[];
  has_attachment: boolean;
  has_link: Met;
  /** Octets of the text and the attachments, as the author gave them. */
  size_bytes: number | null;
  tags: Readonly<Record<string, string>>;
  /** What the scan said, and the families of its findings. */
  screening: { verdict: Verdict | null; families: readonly string[] | null };
  /** When it is asked. */
  at: Date;
};

/** Whether one of several things has to fit, as for rules that tighten, or every one of them, as for those that allow. */
export type Quantity = "any" | "every";

/** The names of the conditions. */
export const conditionNames = [
  "recipients",
  "direction",
  "recipient_known",
  "has_attachment",
  "has_link",
  "size_over_bytes",
  "tags",
  "screening",
  "time",
] as const;

/** Days of the week as conditions name them. */
export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Which mail a rule is about; null where nobody can read it. What leaves is meant where nothing is said. */
export function directionOf({
  direction = "outbound",
}: Conditions): PolicyFacts["direction"] | null {
  return direction === "outbound" || direction === "inbound" ? direction : null;
}

/** Asks all conditions; all must be met. A name that nobody knows is a condition that nobody can answer. */
export function meets(match: Conditions, facts: PolicyFacts, quantity: Quantity): Met {
  if (typeof match !== "object" || match === null || Array.isArray(match)) return null;
  const names = Object.keys(match).filter((name) => match[name] !== undefined);
  const about = directionOf(match);
  const direction = about === null ? null : about === facts.direction;
  const people = names.some((name) => name === "recipients" || name === "recipient_known")
    ? [recipientsMet(match, facts, quantity)]
    : [];
  const others = names
    .filter((name) => !["recipients", "recipient_known", "direction"].includes(name))
    .map((name) => conditionMet(name, match[name], facts, quantity));
  return and([direction, ...people, ...others]);
}

function and(answers: readonly Met[]): Met {
  if (answers.includes(false)) return false;
  return answers.includes(null) ? null : true;
}

function or(answers: readonly Met[]): Met {
  if (answers.includes(true)) return true;
  return answers.includes(null) ? null : false;
}

/** Both conditions are asked of the same recipient. Nobody to write to is nobody to be met. */
function recipientsMet(match: Conditions, facts: PolicyFacts, quantity: Quantity): Met {
  const { recipients: patterns, recipient_known: known } = match;
  const answers = facts.recipients.map((recipient) =>
    and([
      patterns === undefined ? true : patternsMet(patterns, recipient.address),
      known === undefined ? true : typeof known !== "boolean" ? null : is(recipient.known, known),
    ]),
  );
  if (answers.length === 0) return quantity === "any" ? null : false;
  return quantity === "any" ? or(answers) : and(answers);
}

function is(value: Met, wanted: boolean): Met {
  return value === null ? null : value === wanted;
}

function patternsMet(patterns: unknown, address: string): Met {
  const list = textsOf(patterns);
  if (list === null) return null;
  return list.some((pattern) => matchesPattern(address, pattern));
}

/** A list of one or more texts; null for anything else. */
function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string")
    ? value
    : null;
}

function conditionMet(name: string, wanted: unknown, facts: PolicyFacts, quantity: Quantity): Met {
  switch (name) {
    case "has_attachment":
      return typeof wanted === "boolean" ? facts.has_attachment === wanted : null;
    case "has_link":
      return typeof wanted === "boolean" ? is(facts.has_link, wanted) : null;
    case "size_over_bytes":
      return typeof wanted === "number" && wanted >= 0 && facts.size_bytes !== null
        ? facts.size_bytes > wanted
        : null;
    case "tags":
      return tagsMet(wanted, facts.tags, quantity);
    case "screening":
      return screeningMet(wanted, facts.screening, quantity);
    case "time":
      return timeMet(wanted, facts.at);
    default:
      return null;
  }
}

/** `key` or `key=value`, each. */
function tagsMet(wanted: unknown, tags: PolicyFacts["tags"], quantity: Quantity): Met {
  const list = textsOf(wanted);
  if (list === null) return null;
  const has = (text: string): boolean => {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    return Object.hasOwn(tags, key) && (equals < 0 || tags[key] === text.slice(equals + 1));
  };
  return quantity === "any" ? list.some(has) : list.every(has);
}

/** Verdicts and families of findings. An allowing rule names the verdict, or every family that was found. */
function screeningMet(
  wanted: unknown,
  { verdict, families }: PolicyFacts["screening"],
  quantity: Quantity,
): Met {
  const list = textsOf(wanted);
  if (list === null || verdict === null || families === null) return null;
  if (list.includes(verdict)) return true;
  return quantity === "any"
    ? families.some((family) => list.includes(family))
    : families.length > 0 && families.every((family) => list.includes(family));
}

/**
 * `days`, and `from` (inclusive) to `to` (exclusive) as `HH:MM`, in `time_zone` (IANA). Where `to` comes before `from` the span
 * goes past midnight, and its later part belongs to the day on which it began.
 */
function timeMet(wanted: unknown, at: Date): Met {
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) return null;
  const { days, from, to, time_zone, ...more } = wanted as Record<string, unknown>;
  if (Object.keys(more).length > 0 || typeof time_zone !== "string") return null;
  const local = localTime(at, time_zone);
  const list = days === undefined ? weekdays : textsOf(days);
  const start = from === undefined ? 0 : minutesOf(from);
  const end = to === undefined ? 24 * 60 : minutesOf(to);
  if (local === null || list === null || start === null || end === null || start === end)
    return null;
  if (!list.every((day) => weekdays.some((one) => one === day))) return null;
  const on = (day: number): boolean => list.includes(weekdays[(day + 7) % 7] ?? "");
  const { day, minute } = local;
  if (start < end) return on(day) && minute >= start && minute < end;
  return (on(day) && minute >= start) || (on(day - 1) && minute < end);
}

/** Minutes since midnight of `HH:MM`; `24:00` is the end of the day. */
export function minutesOf(text: unknown): number | null {
  if (typeof text !== "string" || !/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/.test(text)) return null;
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** More time zones than there are. */
const maxFormats = 1000;

/** The clock of a time zone; null for one that there is not. Making one takes long, so it is kept. */
function formatOf(timeZone: string): Intl.DateTimeFormat | null {
  const kept = formats.get(timeZone);
  if (kept !== undefined) return kept;
  let made: Intl.DateTimeFormat | null;
  try {
    made = new Intl.DateTimeFormat("en-US", {
      timeZone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  } catch {
    made = null;
  }
  if (formats.size >= maxFormats) formats.clear();
  formats.set(timeZone, made);
  return made;
}

/** True for a time zone that this machine knows. */
export function isTimeZone(timeZone: string): boolean {
  return formatOf(timeZone) !== null;
}

/** Day of the week (0 for Monday) and minute of the day where the clock of `timeZone` stands. */
function localTime(at: Date, timeZone: string): { day: number; minute: number } | null {
  const format = formatOf(timeZone);
  if (format === null || Number.isNaN(at.getTime())) return null;
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const day = weekdays.findIndex((one) => one === parts.get("weekday")?.toLowerCase());
  const minute = Number(parts.get("hour")) * 60 + Number(parts.get("minute"));
  return day < 0 || !Number.isInteger(minute) ? null : { day, minute };
}
