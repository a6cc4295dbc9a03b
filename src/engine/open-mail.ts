/** Opening received mail up: who vouches for it, what it says, what kind of mail it is. Outside any transaction, and never fails. */
import { createHash } from "node:crypto";
import type { Authentication } from "../mail/authenticate.ts";
import { parseAddress } from "../mail/address.ts";
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
  authentication: Authentication;
  opinion: SecondOpinion | Error | null;
  /** The sender as far as one address can say, and the data subject behind it. */
  from: { address: string; name: string | null };
  subject: Subject;
  /** As it is kept: our trace fields in front of what came, without results that others forged in our name. */
  stored: Buffer;
  /** Hex SHA-256 of what came. */
  digest: string;
  /** The same for the same Message-ID with the same body, however often and by whichever way it comes. */
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
  const sender = senderOf(parsed, row.envelope_from);
  return {
    row,
    session,
    parsed,
    from: sender,
    subject: await context.subjects.of(row.operator_id, sender.address),
    kind: classifyMail(parsed, { from: row.envelope_from, to: row.envelope_to[0] ?? "" }),
    authentication,
    opinion,
    stored: await withTrace(context.mail.server_name, row, session, authentication),
    digest: createHash("sha256").update(raw).digest("hex"),
    fingerprint: fingerprintOf(parsed, raw),
  };
}

/** Return-Path, Received (RFC 5321 section 4.4) and Authentication-Results (RFC 8601) in front of the message. */
async function withTrace(
  serverName: string,
  row: InboundRow,
  session: InboundSession,
  authentication: Authentication,
): Promise<Buffer> {
  const { authenticationResultsHeader, stripAuthenticationResults } =
    await import("../mail/authentication-results.ts");
  const helo = session.helo.replaceAll(/[^\x21-\x27\x2a-\x7e]/g, "?").slice(0, 255) || "unknown";
  const protocol = `${session.smtputf8 ? "UTF8SMTP" : "ESMTP"}${session.tls ? "S" : ""}`;
  const address = session.remote_address.includes(":")
    ? `IPv6:${session.remote_address}`
    : session.remote_address;
  const trace = [
    `Return-Path: <${row.envelope_from}>`,
    `Received: from ${helo} ([${address}])`,
    `\tby ${serverName} with ${protocol}${session.tls ? `\r\n\t(${session.tls.version} ${session.tls.cipher})` : ""}`,
    `\tid ${row.inbound_id}; ${row.received_at.toUTCString().replace("GMT", "+0000")}`,
    authenticationResultsHeader(authentication, serverName).trimEnd(),
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(trace), stripAuthenticationResults(row.raw, serverName)]);
}

function fingerprintOf(parsed: ParsedMail, raw: Buffer): Buffer {
  const hash = createHash("sha256");
  const end = raw.indexOf("\r\n\r\n");
  const body = end < 0 ? raw : raw.subarray(end);
  // Without a Message-ID, who, when and what stand for it.
  const name =
    parsed.message_id ??
    JSON.stringify([parsed.from[0]?.address ?? "", parsed.date, parsed.subject]);
  return hash
    .update(JSON.stringify(name))
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
  } catch {
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
