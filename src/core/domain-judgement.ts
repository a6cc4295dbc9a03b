/** What DNS answers for a domain's record, judged in words: right, missing, or how it is wrong. */
import type { DomainRecord } from "./domain-records.ts";

/** A judgement; `message` is one sentence for whoever edits the zone. */
export type Judgement = {
  status: "ok" | "missing" | "wrong" | "not_required";
  message: string;
};

/** Judges the TXT values found at a record's name, each with its strings joined. */
export function judgeTxt(record: DomainRecord, found: readonly string[]): Judgement {
  const [version = ""] = record.value.split(/[; ]/, 1);
  const words = nameOf[record.purpose] ?? version;
  const ours = found.filter((text) => hasVersion(text, version, record.purpose === "dkim"));
  if (ours.length === 0) {
    const bare = found
      .filter((text) => /["\\]/.test(text))
      .map((text) => text.replaceAll(/["\\]/g, ""));
    if (bare.some((text) => hasVersion(text, version, record.purpose === "dkim")))
      return wrong(
        "The value contains quotation marks of its own: enter it without them, the provider adds what it needs.",
      );
    return missing(record, `There is no ${words} record at ${record.name}.`);
  }
  const [only = "", ...others] = ours;
  if (others.length > 0)
    return wrong(`The name has ${numbers(ours.length)} ${words} records; leave one.`);
  if (/["\\]/.test(only))
    return wrong(
      "The value contains quotation marks of its own: enter it without them, the provider adds what it needs.",
    );
  switch (record.purpose) {
    case "dkim":
      return judgeDkim(record.value, only);
    case "spf":
    case "spf_root":
      return judgeSpf(record, only);
    case "dmarc":
      return judgeDmarc(record.value, only);
    case "tls_reports":
      return judgeRua(record.value, only, "TLS");
    default:
      return judgeTags(record.value, only);
  }
}

const nameOf: Partial<Record<DomainRecord["purpose"], string>> = {
  dkim: "DKIM",
  spf: "SPF",
  spf_root: "SPF",
  dmarc: "DMARC",
  mta_sts: "MTA-STS",
  tls_reports: "TLS-RPT",
  identity: "identity",
};

const numbers = (count: number): string => ["no", "one", "two", "three"][count] ?? String(count);

function hasVersion(text: string, version: string, isDkim: boolean): boolean {
  const plain = text.trim().toLowerCase();
  const wanted = version.toLowerCase();
  const rest = plain.slice(wanted.length);
  if (plain.startsWith(wanted) && (rest === "" || /^[\s;]/.test(rest))) return true;
  // RFC 6376 section 3.6.1: the version may be left out.
  return isDkim && /(?:^|;)\s*p\s*=/.test(plain);
}

const right: Judgement = { status: "ok", message: "As it should be." };
const wrong = (message: string): Judgement => ({ status: "wrong", message });

/** Absence is a fault only of what is required. */
export function missing(record: DomainRecord, message: string): Judgement {
  return record.required
    ? { status: "missing", message }
    : { status: "not_required", message: `${message} It is optional.` };
}

/** `tag=value` pairs between semicolons; the first of a name counts. */
function tagsOf(text: string): Map<string, string> {
  const tags = new Map<string, string>();
  for (const pair of text.split(";").slice(0, 100)) {
    const at = pair.indexOf("=");
    if (at < 0) continue;
    const name = pair.slice(0, at).trim().toLowerCase();
    if (!tags.has(name)) tags.set(name, pair.slice(at + 1).trim());
  }
  return tags;
}

function judgeDkim(wantedText: string, foundText: string): Judgement {
  const wanted = tagsOf(wantedText);
  const found = tagsOf(foundText);
  const kind = (found.get("k") ?? "rsa").toLowerCase();
  const key = (found.get("p") ?? "").replaceAll(/\s+/g, "");
  const ours = wanted.get("p") ?? "";
  if (!found.has("p")) return wrong("The record has no key: p= is absent.");
  if (key === "") return wrong("The key is empty, which tells receivers that it was revoked.");
  if (kind !== wanted.get("k"))
    return wrong(`The record says k=${shown(kind)}; it must say k=${wanted.get("k") ?? "rsa"}.`);
  if (key !== ours) return wrong(keyDifference(ours, key));
  const hashes = found.get("h");
  if (
    hashes !== undefined &&
    !hashes
      .toLowerCase()
      .split(/\s*:\s*/)
      .includes("sha256")
  )
    return wrong(`The record allows only h=${shown(hashes)}; leave h= out, we sign with sha256.`);
  return right;
}

function keyDifference(wanted: string, found: string): string {
  if (wanted.startsWith(found))
    return `The key is cut off after ${found.length} of ${wanted.length} characters: enter the value whole, in several strings where the provider allows only 255 characters in one.`;
  let at = 0;
  while (at < found.length && found[at] === wanted[at]) at++;
  if (at >= wanted.length) return "The key has characters behind its end.";
  if (at < 12) return "The key differs in its first 12 characters: it is another key.";
  return `The key differs from character ${at + 1} on.`;
}

function judgeSpf(record: DomainRecord, found: string): Judgement {
  const terms = new Set(found.trim().toLowerCase().split(/\s+/));
  const lacking = record.value
    .split(" ")
    .slice(1, -1)
    .filter((term) => !terms.has(term.toLowerCase()) && !terms.has(`+${term.toLowerCase()}`));
  if (lacking.length === 0) return right;
  const message = `The SPF record does not name ${lacking.join(" ")}.`;
  return record.required ? wrong(message) : { status: "not_required", message };
}

function judgeDmarc(wanted: string, found: string): Judgement {
  const policy = tagsOf(found).get("p")?.toLowerCase();
  if (policy === undefined) return wrong("The DMARC record has no policy: p= is absent.");
  if (!["none", "quarantine", "reject"].includes(policy))
    return wrong(
      `The DMARC record says p=${shown(policy)}; it must be none, quarantine or reject.`,
    );
  return judgeRua(wanted, found, "DMARC");
}

/** Reports may go elsewhere: that is the owner's choice, and said. */
function judgeRua(wanted: string, found: string, kind: string): Judgement {
  const ours = tagsOf(wanted).get("rua")?.toLowerCase() ?? "";
  const targets = (tagsOf(found).get("rua") ?? "").toLowerCase().split(/\s*,\s*/);
  if (targets.some((target) => target.replace(/!\d+[kmgt]?$/, "") === ours)) return right;
  return {
    status: "ok",
    message: `${kind} reports do not come here: rua= does not name ${ours.replace("mailto:", "")}.`,
  };
}

function judgeTags(wantedText: string, foundText: string): Judgement {
  const found = tagsOf(foundText);
  for (const [name, value] of tagsOf(wantedText)) {
    const other = found.get(name);
    if (other === undefined) return wrong(`The record has no ${name}=.`);
    if (other.replaceAll(/\s+/g, "") !== value.replaceAll(/\s+/g, ""))
      return wrong(`The record says ${name}=${shown(other)}; it must say ${name}=${value}.`);
  }
  return right;
}

/** Judges the MX records found at a record's name. */
export function judgeMx(
  record: DomainRecord,
  found: readonly { preference: number; exchange: string }[],
): Judgement {
  if (found.length === 0) return missing(record, `There is no MX record at ${record.name}.`);
  const named = found.some(({ exchange }) => exchange.toLowerCase() === record.value);
  const others = found.filter(({ exchange }) => exchange.toLowerCase() !== record.value);
  const list = others
    .slice(0, 3)
    .map(({ exchange }) => shown(exchange === "." ? "nobody (a null MX)" : exchange))
    .join(", ");
  if (named && others.length === 0) return right;
  // Mail of the domain itself may well be received elsewhere.
  if (!named && !record.required)
    return { status: "not_required", message: `Mail of this domain is received by ${list}.` };
  return wrong(
    named
      ? `Beside ${record.value} the name has ${list}: mail for it would go astray.`
      : `The MX record names ${list}, not ${record.value}.`,
  );
}

/** Foreign text within a sentence: short, without control characters. */
export function shown(text: string): string {
  const plain = text.replaceAll(/[^\x21-\x7e ]+/g, "?");
  return plain.length > 80 ? `${plain.slice(0, 80)}…` : plain;
}
