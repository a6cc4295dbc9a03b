/** How the oversight vectors are written: one tab-separated row for a message, an event and the machine's answer. */
import type { Event, Message, Step } from "../src/core/oversight/types.ts";

/** Columns of a message, in the order in which they are written. */
export const messageColumns = [
  "status",
  "mode",
  "test",
  "gated",
  "handed",
  "required",
  "passkey",
  "timing",
  "authors",
  "digest",
  "approvals",
] as const satisfies readonly (keyof Message)[];

type Column = (typeof messageColumns)[number];

/** Header of every table but that of submission. */
export const header = [...messageColumns, "event", "arguments", "answer"].join("\t");

/** One field as text: flags as 0 and 1, lists with commas, an empty list as `-`. */
function fieldText(message: Message, column: Column): string {
  switch (column) {
    case "test":
    case "gated":
    case "handed":
    case "passkey":
      return message[column] ? "1" : "0";
    case "authors":
      return listText(message.authors);
    case "approvals":
      return listText(message.approvals.map((one) => `${one.by}:${one.digest}:${one.class}`));
    case "required":
      return String(message.required);
    default:
      return message[column];
  }
}

function listText(items: readonly string[]): string {
  return items.length === 0 ? "-" : items.join(",");
}

/** The eleven columns of a message. */
export function messageText(message: Message): string {
  return messageColumns.map((column) => fieldText(message, column)).join("\t");
}

/** An event as its two columns: the name, and `key=value` for each argument in the order of the type. */
function eventText(event: Event): string {
  const { type, ...rest } = event;
  const words = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === "boolean" ? Number(value) : value}`,
  );
  return `${type}\t${words.length === 0 ? "-" : words.join(" ")}`;
}

/** `no <refusal>`, or the status with `field=value` for each other field that changed, in the order of the columns. */
export function answerText(before: Message, step: Step): string {
  if (!step.ok) return `no ${step.refusal}`;
  const changed = messageColumns
    .filter((column) => column !== "status")
    .filter((column) => fieldText(before, column) !== fieldText(step.message, column))
    .map((column) => `${column}=${fieldText(step.message, column)}`);
  return [step.message.status, ...changed].join(" ");
}

/** A whole row. */
export function rowText(before: Message, event: Event, step: Step): string {
  return `${messageText(before)}\t${eventText(event)}\t${answerText(before, step)}`;
}
