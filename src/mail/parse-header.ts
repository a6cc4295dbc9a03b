/** The header of a stranger's message as addresses, identifiers and text, within limits. */
import { addressParser, decodeWords } from "postal-mime";

import { oneLine } from "./parse-charset.ts";
import type { RawField } from "./parse-mime.ts";
import type { MailAddress, ParsedMail } from "./parsed-mail.ts";

export interface FieldLimits {
  /** Code units of one header value that are read. */
  headerValue: number;
  /** Addresses of each list. */
  addresses: number;
  references: number;
}

/** What of a {@link ParsedMail} stands in the header. */
export type ParsedHeader = Pick<
  ParsedMail,
  | "from"
  | "sender"
  | "to"
  | "cc"
  | "reply_to"
  | "subject"
  | "date"
  | "message_id"
  | "in_reply_to"
  | "references"
  | "headers"
  | "truncated"
>;

const MAX_MESSAGE_ID = 998;

class HeaderReader {
  truncated = false;
  readonly #fields: readonly RawField[];
  readonly #limits: FieldLimits;

  constructor(fields: readonly RawField[], limits: FieldLimits) {
    this.#fields = fields;
    this.#limits = limits;
  }

  #bounded(value: string, most: number): string {
    if (value.length <= most) return value;
    this.truncated = true;
    return value.slice(0, most);
  }

  /** The decoded first field of the name, or ''. */
  text(name: string): string {
    const value = this.#fields.find((field) => field.name === name)?.value ?? "";
    return oneLine(decodeWords(this.#bounded(value, this.#limits.headerValue)));
  }

  /** The addresses of all fields of the name: a second From is not hidden from who compares them. */
  addresses(name: string): MailAddress[] {
    const most = this.#limits.addresses;
    const list: MailAddress[] = [];
    for (const field of this.#fields) {
      if (field.name !== name || field.value === "") continue;
      // Longer than any list within the limit needs to be.
      const value = this.#bounded(field.value, Math.min(most * 400, 262_144));
      for (const entry of addressParser(value, { flatten: true })) {
        if (list.length >= most) {
          this.truncated = true;
          return list;
        }
        list.push({
          name: oneLine(entry.name).slice(0, 1_000).toWellFormed(),
          address: oneLine(entry.address ?? "")
            .slice(0, 1_000)
            .toWellFormed(),
        });
      }
    }
    return list;
  }

  identifiers(name: string): string[] {
    const value = this.#fields.find((field) => field.name === name)?.value ?? "";
    return [...value.slice(0, 262_144).matchAll(/<([^<>\s]+)>/g)]
      .map(([identifier]) => identifier)
      .filter(
        (identifier) => identifier.length <= MAX_MESSAGE_ID && !/[^\x21-\x7e]/.test(identifier),
      );
  }

  /** The root and the nearest ancestors: those thread a message. */
  references(): string[] {
    const all = this.identifiers("references");
    const most = this.#limits.references;
    if (all.length <= most) return all;
    this.truncated = true;
    return [...all.slice(0, 1), ...all.slice(all.length - most + 1)];
  }

  headers(): { name: string; value: string }[] {
    return this.#fields.map(({ name, value }) => ({
      name: oneLine(name),
      value: oneLine(decodeWords(this.#bounded(value, this.#limits.headerValue))),
    }));
  }
}

/** A Date as ISO 8601 in UTC; without a zone it is taken as UTC. Null where it is none of the years 1970 to 9999. [RFC 5322 §3.3] */
export function readDate(value: string): string | null {
  const text = value
    .slice(0, 200)
    .replaceAll(/\([^()]*\)/g, " ")
    .trim();
  if (!/\d/.test(text)) return null;
  const zoned = /(?:[+-]\d{4}|\b[A-Za-z]{1,4}|Z)$/.test(text);
  const time = Date.parse(zoned ? text : `${text} +0000`);
  if (!Number.isFinite(time) || time < 0 || time >= 253_402_300_800_000) return null;
  return new Date(time).toISOString();
}

/** Reads the fields of a message's header. Never throws. */
export function readFields(fields: readonly RawField[], limits: FieldLimits): ParsedHeader {
  const reader = new HeaderReader(fields, limits);
  const header = {
    from: reader.addresses("from"),
    sender: reader.addresses("sender")[0] ?? null,
    to: reader.addresses("to"),
    cc: reader.addresses("cc"),
    reply_to: reader.addresses("reply-to"),
    subject: reader.text("subject"),
    date: readDate(reader.text("date")),
    message_id: reader.identifiers("message-id")[0] ?? null,
    in_reply_to: reader.identifiers("in-reply-to")[0] ?? null,
    references: reader.references(),
    headers: reader.headers(),
  };
  return { ...header, truncated: reader.truncated };
}
