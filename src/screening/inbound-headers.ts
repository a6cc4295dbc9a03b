/** Rules about header fields, authentication and who the message claims to be from. */
import {
  brands,
  domainParts,
  type DomainParts,
  freemail,
  lookAlike,
  sameOwner,
} from "./domains.ts";
import type { Findings, Subject } from "./inbound-subject.ts";
import { REVIEW_AT, type ScreeningReason } from "./screening.ts";
import { latinised, mixesScripts, quoted, readInvisibles, skeleton, visible } from "./text-fold.ts";

/** Scores headers, authentication and sender identity. */
export function headerRules(subject: Subject): Findings {
  const reasons: ScreeningReason[] = [];
  const add = (rule: string, score: number, detail: string) =>
    reasons.push({ rule, score, detail });
  fields(subject, add);
  const from = domainParts(subject.mail.from[0]?.address ?? "");
  authentication(subject, from, add);
  for (const author of subject.mail.from.slice(0, 5)) displayName(subject, author, add);
  senderDomains(subject, from, add);
  return { reasons, injection: false, capped: subject.mail.from.length > 5 };
}

type Add = (rule: string, score: number, detail: string) => void;

function fields({ mail, envelope }: Subject, add: Add): void {
  const count = new Map<string, number>();
  for (const { name } of mail.headers) count.set(name, (count.get(name) ?? 0) + 1);
  // A report of a mail system has an empty reverse-path and may lack what people's mail has.
  const report = envelope.from === "";
  if (mail.date === null)
    add("date", report ? 0.5 : 1.5, count.has("date") ? "Date cannot be read" : "no Date");
  if (mail.message_id === null)
    add(
      "message_id",
      report ? 0.5 : 1.5,
      count.has("message-id") ? "Message-ID is malformed" : "no Message-ID",
    );
  const froms = count.get("from") ?? (mail.from.length > 0 ? 1 : 0);
  if (froms === 0 || mail.from.every((one) => one.address === ""))
    add("from", 5, "no readable author in From");
  if (froms > 1) add("from", 6, `${froms} From fields`);
  else if (mail.from.length > 1)
    add("from", mail.sender === null ? 3 : 1, `${mail.from.length} authors`);
  for (const name of ["subject", "date", "to", "reply-to", "message-id", "sender"])
    if ((count.get(name) ?? 0) > 1) add("duplicate_field", 2, `more than one ${name}`);
  if (mail.to.length + mail.cc.length === 0)
    add("no_recipient", 0.5, "addressed to nobody by name");
  const odd = readInvisibles(`${mail.subject} ${mail.from.map((one) => one.name).join(" ")}`);
  if (odd.bidi_overrides > 0 || odd.zero_width > 0)
    add("invisible_in_header", 4, "invisible or direction-turning characters in subject or name");
}

function authentication(subject: Subject, from: DomainParts | null, add: Add): void {
  const { spf, dkim, dmarc } = subject.authentication;
  const policy = dmarc?.policy ?? "none";
  const vouched = dmarc?.result === "fail" && dmarc.overridden_by_arc === true;
  if (vouched) add("dmarc", 1, "DMARC fails; a trusted forwarder saw it pass");
  else if (dmarc?.result === "fail") {
    const score = policy === "reject" ? 6 : policy === "quarantine" ? 5 : 2.5;
    add("dmarc", score, `DMARC fails, policy ${quoted(policy, 12)}`);
  } else if (dmarc?.result === "none") add("dmarc", 1, "no DMARC result vouches for the author");
  // What a domain says of its mail could not be learnt, or whose mail it is: that is no reason to believe it.
  else if (dmarc?.result !== "pass")
    add(
      "dmarc",
      REVIEW_AT,
      `DMARC could not be evaluated: ${quoted(dmarc?.result ?? "unread", 12)}`,
    );
  if (spf?.result === "fail") add("spf", 1.5, "SPF fails");
  else if (spf?.result === "softfail") add("spf", 0.5, "SPF softly fails");
  const signed = dkim?.some((one) => one.result === "pass" && one.aligned) ?? false;
  if (!subject.dmarc_pass && dmarc?.result !== "fail" && !signed && spf?.result !== "pass")
    add("unauthenticated", 1, "neither SPF nor DKIM vouches for the sender");
  if (from === null || subject.dmarc_pass || signed) return;
  if (subject.protected.own.some((own) => sameOwner(own, from)))
    add(
      "own_domain_forged",
      vouched ? 4 : 6,
      `claims to be from ${from.registrable} without proof`,
    );
  else if (subject.protected.known.has(from.registrable) && !freemail.has(from.registrable))
    add(
      "contact_unproven",
      2,
      `claims to be from the contact's domain ${quoted(from.registrable, 60)} without proof`,
    );
}

const addressInName =
  /[\p{L}\p{N}._%+-]{1,64}@([\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){1,8})/u;

function displayName(subject: Subject, author: { name: string; address: string }, add: Add): void {
  const name = visible(author.name.slice(0, 1000));
  if (name === "") return;
  const domain = domainParts(author.address);
  const inside = addressInName.exec(name)?.[1];
  if (inside !== undefined && !sameOwner(domainParts(inside), domain))
    add("name_with_address", 4, `the name shows another address: ${quoted(name, 60)}`);
  if (mixesScripts(name) && name.split(/[\s@.]+/, 30).some(mixesScripts))
    add("name_mixed_scripts", 3, `the name mixes scripts: ${quoted(name, 60)}`);
  const own = domain !== null && subject.protected.own.some((one) => sameOwner(one, domain));
  const operator = subject.known.operator_name;
  if (!own && operator.length >= 3 && wordsContain(name, operator) && !subject.known.correspondent)
    add("name_of_operator", 4, `the name is that of ${quoted(operator, 40)}, the domain is not`);
  if (domain === null) return;
  const folded = latinised(name)
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
  const brand = brands.find((one) => ` ${folded} `.includes(` ${one} `));
  if (brand !== undefined && !domain.host.includes(brand) && !own)
    add(
      "name_of_brand",
      subject.dmarc_pass && !freemail.has(domain.registrable) ? 2 : 3.5,
      `the name says ${brand}, the domain is ${quoted(domain.registrable, 60)}`,
    );
}

function wordsContain(name: string, wanted: string): boolean {
  const fold = (text: string) =>
    ` ${skeleton(text.slice(0, 200))
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim()} `;
  return fold(name).includes(fold(wanted));
}

function senderDomains(subject: Subject, from: DomainParts | null, add: Add): void {
  const { mail } = subject;
  const replies = mail.reply_to.slice(0, 10).map((one) => domainParts(one.address));
  const foreign = replies.find((one) => one !== null && from !== null && !sameOwner(one, from));
  if (foreign != null && from !== null) {
    const toFreemail = freemail.has(foreign.registrable) && !freemail.has(from.registrable);
    const others = toFreemail ? 2.5 : freemail.has(from.registrable) ? 1.5 : 0.5;
    add("reply_to", others, `answers go to ${quoted(foreign.registrable, 60)}`);
  } else if (
    from !== null &&
    freemail.has(from.registrable) &&
    mail.reply_to.some(
      (one) =>
        one.address !== "" && one.address.toLowerCase() !== mail.from[0]?.address.toLowerCase(),
    )
  )
    add("reply_to", 2, "answers go to another mailbox of the same free host");
  const candidates: [string, DomainParts | null, number][] = [
    ["From", from, 6],
    ["Reply-To", replies[0] ?? null, 5],
    ["Sender", domainParts(mail.sender?.address ?? ""), 3],
  ];
  const seen = new Set<string>();
  for (const [where, domain, score] of candidates) {
    if (domain === null || seen.has(domain.registrable)) continue;
    seen.add(domain.registrable);
    const found = lookAlike(domain, subject.protected);
    if (found !== null)
      add(
        "look_alike",
        score,
        `${where} ${quoted(domain.registrable, 60)} looks like ${quoted(found.imitates, 60)}`,
      );
  }
}
