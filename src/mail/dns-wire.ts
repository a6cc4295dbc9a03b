/** DNS messages as octets (RFC 1035, RFC 6891): one question out, and what an answer to exactly that question says. */
import * as packets from "dns-packet";
import type { Answer, DecodedPacket } from "dns-packet";

import type { DnsRecordOf, DnsType } from "./dns-record.ts";

export interface DnsQuestion {
  /** 0 to 65535. */
  readonly id: number;
  /** As `questionName` gives it. */
  readonly name: string;
  readonly type: DnsType;
}

/** What one message says about the question; `records` are those of the name behind the aliases. */
export interface DnsReply<T extends DnsType = DnsType> {
  readonly code: "ok" | "nxdomain" | "servfail";
  readonly truncated: boolean;
  /** The AD bit (RFC 4035 §3.2.3): worth nothing unless the server and the way to it are trusted. */
  readonly authentic: boolean;
  readonly records: readonly DnsRecordOf[T][];
  readonly canonical: string;
  /** Seconds; the least of the records, or the negative one of the SOA (RFC 2308 §5); null where the message gives none. */
  readonly ttl: number | null;
  /** The message says itself that there is nothing more to find (SOA). */
  readonly complete: boolean;
}

/** What we take over UDP without fragments (DNS flag day 2020). */
const UDP_PAYLOAD = 1232;
const MAX_ALIASES = 8;
const MAX_RECORDS = 100;
const MAX_TXT_LENGTH = 65_535;

/** Encodes a recursive question with EDNS0 and DO, asking for the AD bit too (RFC 6840 §5.7). */
export function encodeQuestion({ id, name, type }: DnsQuestion): Buffer {
  return packets.encode({
    type: "query",
    id,
    flags: packets.RECURSION_DESIRED | packets.AUTHENTIC_DATA,
    questions: [{ type, name, class: "IN" }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: UDP_PAYLOAD,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: packets.DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  });
}

/** Reads a message; null when it is no answer to exactly this question (then it is somebody else's, or a forger's). */
export function readReply<T extends DnsType>(
  bytes: Buffer,
  question: DnsQuestion & { readonly type: T },
): DnsReply<T> | null {
  const packet = decode(bytes);
  if (packet === null || !packet.flag_qr || packet.id !== question.id) return null;
  const [asked, ...more] = packet.questions ?? [];
  if (asked === undefined || more.length > 0) return null;
  if (asked.type !== question.type || asked.class !== "IN") return null;
  if (plainName(asked.name) !== question.name) return null;
  const code = codeOf(packet);
  const answers = (packet.answers ?? []).filter((one) => one.type !== "OPT" && isInternet(one));
  const chain =
    question.type === "CNAME"
      ? { canonical: question.name, ttls: [], endless: false }
      : followAliases(answers, question.name);
  const found = answers.filter(
    (one) => one.type === question.type && plainName(one.name) === chain.canonical,
  );
  const records = found
    .slice(0, MAX_RECORDS)
    .map((one) => recordOf(one))
    .filter((one) => one !== null) as DnsRecordOf[T][];
  const negative = negativeTtl(packet);
  const ttl =
    records.length > 0 ? Math.min(...chain.ttls, ...found.map((one) => ttlOf(one))) : negative;
  return {
    code: chain.endless ? "servfail" : code,
    truncated: packet.flag_tc,
    authentic: packet.flag_ad,
    records: code === "ok" && !chain.endless ? records : [],
    canonical: chain.canonical,
    ttl,
    complete: records.length > 0 || negative !== null || chain.canonical === question.name,
  };
}

function decode(bytes: Buffer): DecodedPacket | null {
  try {
    return packets.decode(bytes);
  } catch {
    return null;
  }
}

function codeOf(packet: DecodedPacket): "ok" | "nxdomain" | "servfail" {
  const { rcode } = packet as DecodedPacket & { rcode?: string };
  const extended = (packet.additionals ?? []).some(
    (one) => one.type === "OPT" && one.extendedRcode !== 0,
  );
  if (extended) return "servfail";
  if (rcode === "NOERROR") return "ok";
  return rcode === "NXDOMAIN" ? "nxdomain" : "servfail";
}

function isInternet(answer: Answer): boolean {
  return (answer as { class?: string }).class === "IN";
}

function ttlOf(answer: Answer): number {
  const { ttl } = answer as { ttl?: number };
  // RFC 2181 §8: the first bit set means zero.
  return ttl === undefined || ttl > 0x7fff_ffff ? 0 : ttl;
}

/** Walks CNAMEs from `name`, at most eight; a longer chain or a ring is `endless`. */
function followAliases(
  answers: readonly Answer[],
  name: string,
): { canonical: string; ttls: number[]; endless: boolean } {
  const ttls: number[] = [];
  let canonical = name;
  for (let i = 0; i <= MAX_ALIASES; i++) {
    const at = canonical;
    const alias = answers.find((one) => one.type === "CNAME" && plainName(one.name) === at);
    if (alias?.type !== "CNAME") return { canonical, ttls, endless: false };
    ttls.push(ttlOf(alias));
    canonical = plainName(alias.data);
  }
  return { canonical: name, ttls, endless: true };
}

function negativeTtl(packet: DecodedPacket): number | null {
  for (const one of packet.authorities ?? [])
    if (one.type === "SOA") return Math.min(ttlOf(one), one.data.minimum ?? 0);
  return null;
}

function plainName(name: string): string {
  const plain = name.toLowerCase();
  return plain.length > 1 && plain.endsWith(".") ? plain.slice(0, -1) : plain;
}

function recordOf(answer: Answer): DnsRecordOf[DnsType] | null {
  switch (answer.type) {
    case "A":
    case "AAAA":
      return answer.data;
    case "CNAME":
    case "PTR":
      return plainName(answer.data);
    case "MX":
      return {
        preference: answer.data.preference ?? 0,
        exchange: plainName(answer.data.exchange),
      };
    case "TXT":
      return textOf(answer.data);
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = answer.data;
      // A copy: the octets must not keep the whole message alive.
      return { usage, selector, matching: matchingType, data: Buffer.from(certificate) };
    }
    case "SRV": {
      const { priority = 0, weight = 0, port, target } = answer.data;
      return { priority, weight, port, target: plainName(target) };
    }
    default:
      return null;
  }
}

function textOf(data: string | Buffer | readonly (string | Buffer)[]): string[] | null {
  const parts = (Array.isArray(data) ? data : [data]) as readonly (string | Buffer)[];
  const texts = parts.map((part) => (typeof part === "string" ? part : part.toString("utf8")));
  return texts.reduce((sum, text) => sum + text.length, 0) <= MAX_TXT_LENGTH ? texts : null;
}
