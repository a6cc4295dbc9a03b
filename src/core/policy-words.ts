/** Standing policies in words: what a rule says, for whoever is asked about it. */
import { type Conditions, conditionNames } from "./policy-match.ts";

const listed = (value: unknown, word: "or" | "and"): string => {
  const texts = (Array.isArray(value) ? value : [value]).map(String);
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")} ${word} ${last}`;
};

const days: Readonly<Record<string, string>> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

function timeWords(time: unknown): string {
  const { days: on, from, to, time_zone } = (time ?? {}) as Record<string, unknown>;
  const names = Array.isArray(on) ? on.map((day) => days[String(day)] ?? String(day)) : null;
  const clock = (value: unknown, otherwise: string): string =>
    typeof value === "string" ? value : otherwise;
  const span =
    from === undefined && to === undefined
      ? null
      : `${clock(from, "00:00")} to ${clock(to, "24:00")}`;
  return [names && `on ${listed(names, "or")}`, span && `from ${span}`, `(${String(time_zone)})`]
    .filter((part) => part !== null)
    .join(" ");
}

/** The database keeps the names of conditions in an order of its own; people read them always in the same. */
function inReadingOrder(match: Conditions): [string, unknown][] {
  const place = ([name]: [string, unknown]): number => {
    const at = conditionNames.findIndex((one) => one === name);
    return at < 0 ? conditionNames.length : at;
  };
  return Object.entries(match).toSorted((a, b) => place(a) - place(b));
}

/** The conditions as one clause: `to *@example.com, with a link`. `allows`: whether all recipients have to fit, or one is enough. */
export function conditionWords(match: Conditions, allows: boolean): string {
  const received = match["direction"] === "inbound";
  const parts = inReadingOrder(match).flatMap(([name, value]): string[] => {
    switch (name) {
      case "recipients":
        if (received) return [`from ${listed(value, "or")}`];
        return [`to ${allows ? "nobody but" : "anybody of"} ${listed(value, "or")}`];
      case "recipient_known": {
        if (received)
          return [value === true ? "from people it wrote to" : "from people it never wrote to"];
        const who = allows ? "all of whom" : "one of whom";
        return [
          `to recipients ${who} ${value === true ? "were written to before" : "were never written to"}`,
        ];
      }
      case "has_attachment":
        return [value === true ? "with an attachment" : "without attachments"];
      case "has_link":
        return [value === true ? "with a link" : "without links"];
      case "size_over_bytes":
        return [`of more than ${String(value)} bytes`];
      case "tags":
        return [`tagged ${listed(value, allows ? "and" : "or")}`];
      case "screening":
        return [`in which the scan says or finds ${listed(value, "or")}`];
      case "time":
        return [timeWords(value)];
      case "direction":
        return [];
      default:
        return [`with ${name}`];
    }
  });
  return parts.length === 0 ? "whatever it is" : parts.join(", ");
}

/** What a rule does, as a sentence without its full stop. `mailbox`: its address, or null for all of them. */
export function policySentence(
  policy: { match: Conditions; outcome: string; required: number | null },
  mailbox: string | null,
): string {
  const received = policy.match["direction"] === "inbound";
  const mail = `mail ${received ? "received by" : "of"} ${mailbox ?? "every mailbox"}`;
  const what = conditionWords(policy.match, policy.outcome === "allow");
  switch (policy.outcome) {
    case "allow":
      return `Let ${mail} ${what} leave without anybody looking at it`;
    case "block":
      return `Block ${mail} ${what}`;
    case "quorum":
      return `Hold ${mail} ${what} for ${String(policy.required)} approvals`;
    case "passkey":
      return `Hold ${mail} ${what} for an approval by passkey`;
    default:
      return `Hold ${mail} ${what} for a decision`;
  }
}
