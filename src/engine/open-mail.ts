/** Opening received mail up: who vouches for it, what it says, what kind of mail it is. Outside any transaction, and never fails. */
import { createHash } from "node:crypto";
import type { Authentication } from "../mail/authenticate.ts";
import { AddressError, parseAddress } from "../mail/address.ts";
import { unreadableMail } from "../mail/parse.ts";
import type { ParsedMail } from "../mail/parsed-mail.ts";
import { type MailKind, classifyMail } from "../mail/report.ts";
import type { InboundRow } from "../store/inbound.ts";
import type { EngineContext } from "./context.ts";
import type { InboundSession, SecondOpinion } from "./mail-reading.ts";
import type { Subject } from "./subjects.ts";

/** A message opened up. */
export type Opened = {
  row: InboundRow;
  session: InboundSession;
  parsed: ParsedMail;
  kind: MailKind;
  /** Null where it was not opened up. */
  authentication: Authentication | null;
  opinion: SecondOpinion | Error | null;
  /** The sender as far as one address can say, and the data subject behind it. */
  from: { address: string; name: string | null };
  subject: Subject;
  /** As it is kept: our trace fields in front of what came, without results that others forged in our name. */
  stored: Buffer;
  /** Hex SHA-256 of what came. */
  digest: string;
  /** The same for the same message, however often and by whichever way it comes; see {@link fingerprintOf}. */
  fingerprint: Buffer;
};

/** Opens one row up. */
export async function openMail(
  context: Pick<EngineContext, "mail" | "subjects">,
  row: InboundRow,
): Promise<Opened> {
  const session = row.session as InboundSession;
  const { raw } = row;
  const from = { remote_address: session.remote_address, helo: session.helo };
  const [parsed, authentication, opinion] = await Promise.all([
    context.mail.parse(raw),
    context.mail.authenticate(raw, { ...from, from: row.envelope_from }),
    context.mail.opinion(raw, { ...from, from: row.envelope_from, to: row.envelope_to }),
  ]);
  const { authenticationResultsHeader, stripAuthenticationResults } =
    await import("../mail/authentication-results.ts");
  const { server_name } = context.mail;
  const trace = traceFields(server_name, row, session);
  const results = authenticationResultsHeader(authentication, server_name);
  return {
    ...(await identified(context, row, parsed, authentication)),
    kind: classifyMail(parsed, { from: row.envelope_from, to: row.envelope_to[0] ?? "" }),
    authentication,
    opinion,
    stored: Buffer.concat([
      Buffer.from(`${trace}${results.trimEnd()}\r\n`),
      stripAuthenticationResults(raw, server_name),
    ]),
  };
}

/**
 * A message that nobody could open up: kept whole, shown with what its first bytes say of its header, and never passed by
 * screening. Nobody vouches for it.
 */
export async function leaveClosed(
  context: Pick<EngineContext, "mail" | "subjects">,
  row: InboundRow,
): Promise<Opened> {
  const session = row.session as InboundSession;
  const { stripAuthenticationResults } = await import("../mail/authentication-results.ts");
  const { server_name } = context.mail;
  return {
    ...(await identified(context, row, unreadableMail(row.raw), null)),
    kind: { kind: "mail", list: false },
    authentication: null,
    opinion: null,
    stored: Buffer.concat([
      Buffer.from(traceFields(server_name, row, session)),
      stripAuthenticationResults(row.raw, server_name),
    ]),
  };
}

/** What names a message, and its sender. */
async function identified(
  context: Pick<EngineContext, "subjects">,
  row: InboundRow,
  parsed: ParsedMail,
  authentication: Authentication | null,
): Promise<
  Pick<Opened, "row" | "session" | "parsed" | "from" | "subject" | "digest" | "fingerprint">
> {
  const from = senderOf(parsed, row.envelope_from);
  return {
    row,
    session: row.session as InboundSession,
    parsed,
    from,
    subject: await context.subjects.of(row.operator_id, from.address),
    digest: createHash("sha256").update(row.raw).digest("hex"),
    fingerprint: fingerprintOf(parsed, row, authentication?.dmarc?.result === "fail"),
  };
}

/** Return-Path and Received (RFC 5321 section 4.4), each line ended. */
function traceFields(serverName: string, row: InboundRow, session: InboundSession): string {
  const helo = session.helo.replaceAll(/[^\x21-\x27\x2a-\x7e]/g, "?").slice(0, 255) || "unknown";
  const protocol = `${session.smtputf8 ? "UTF8SMTP" : "ESMTP"}${session.tls ? "S" : ""}`;
  const address = session.remote_address.includes(":")
    ? `IPv6:${session.remote_address}`
    : session.remote_address;
  return [
    `Return-Path: <${row.envelope_from.replaceAll(/[\r\n]/g, "")}>`,
    `Received: from ${helo} ([${address}])`,
    `\tby ${serverName} with ${protocol}${session.tls ? `\r\n\t(${session.tls.version} ${session.tls.cipher})` : ""}`,
    `\tid ${row.inbound_id}; ${row.received_at.toUTCString().replace("GMT", "+0000")}`,
    "",
  ].join("\r\n");
}

/** What a reader goes by, beside the body. Fields that mail systems add on the way are not among them. */
const tellingFields = [
  "message-id",
  "from",
  "reply-to",
  "subject",
  "date",
  "in-reply-to",
  "references",
  "content-type",
  "content-transfer-encoding",
] as const;

/**
 * The same for the same Message-ID with the same body and the same {@link tellingFields}. A Message-ID alone proves nothing: many
 * programs use one for all their mail, and whoever knows that of a message under way could send its body first, in their own name
 * or `forged`, and have the genuine one dropped. One that bears neither Message-ID nor date is like no other.
 */
function fingerprintOf(parsed: ParsedMail, row: InboundRow, forged: boolean): Buffer {
  const { raw } = row;
  const hash = createHash("sha256");
  const end = raw.indexOf("\r\n\r\n");
  const body = end < 0 ? raw : raw.subarray(end);
  const said = tellingFields.map((field) =>
    parsed.headers.flatMap(({ name, value }) => (name === field ? [value] : [])),
  );
  const nameless = parsed.message_id === null && parsed.date === null;
  return hash
    .update(JSON.stringify([said, forged, nameless ? row.inbound_id : null]))
    .update(createHash("sha256").update(body).digest())
    .digest();
}

/** Who it is from as far as one address can say: From, else Sender, else the envelope. Lower case in its domain. */
export function senderOf(
  parsed: ParsedMail,
  envelopeFrom: string,
): { address: string; name: string | null } {
  const [first] = parsed.from;
  const named = first?.address ? first : parsed.sender?.address ? parsed.sender : null;
  const address = named?.address ?? envelopeFrom;
  const clean = readable(address, 320);
  try {
    return { address: parseAddress(clean).address, name: readable(named?.name ?? "", 200) || null };
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    return { address: clean, name: readable(named?.name ?? "", 200) || null };
  }
}

/** Foreign text that a database keeps, on one line and bounded. */
export function readable(text: string, length: number): string {
  return text
    .replaceAll(/\p{Cc}+/gu, " ")
    .toWellFormed()
    .slice(0, length)
    .toWellFormed()
    .trim();
}
