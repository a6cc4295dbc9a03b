/** Rules about links, pictures and forms of a received message. */
import { brands, domainParts, sameOwner } from "./domains.ts";
import type { Findings, Subject } from "./inbound-subject.ts";
import { type LinkRule, linkFindings, readTarget } from "./links.ts";
import type { ScreeningReason } from "./screening.ts";
import { quoted } from "./text-fold.ts";

const LINKS = 300;
const shorteners = new Set(
  "bit.ly tinyurl.com t.co goo.gl ow.ly is.gd cutt.ly rb.gy rebrand.ly shorturl.at tiny.cc s.id v.gd t.ly qrco.de".split(
    " ",
  ),
);

/** Scores links by their worst of each kind, forms, scripts, and marks remote pictures. */
export function linkRules(subject: Subject): Findings {
  const { mail, html } = subject;
  const reasons = new Map<string, ScreeningReason>();
  const add = (rule: string, score: number, detail: string) => {
    if (score > (reasons.get(rule)?.score ?? -1)) reasons.set(rule, { rule, score, detail });
  };
  const from = domainParts(mail.from[0]?.address ?? "");
  const links = collectLinks(subject);
  const read = new Set<string>();
  for (const { href, text } of links.slice(0, LINKS)) {
    const key = `${href}\n${text}`;
    if (read.has(key)) continue;
    read.add(key);
    const target = readTarget(href);
    // Mailing services count clicks on a host of their own: with DMARC, a mismatch alone is not yet a trick.
    const scores: Record<LinkRule, number> = {
      link_mismatch: subject.dmarc_pass ? 2 : 4,
      link_look_alike: 5,
      link_userinfo: 5,
      link_ip: 4,
      link_scheme: 5,
      link_punycode: 1,
    };
    for (const { rule, detail } of linkFindings(href, text, subject.protected))
      add(rule, scores[rule], detail);
    if (target === null) continue;
    if (shorteners.has(target.domain.registrable))
      add("link_shortened", 1, `through ${target.domain.registrable}`);
    const borrowed = brands.find((one) => target.domain.host.split(/[.-]/).includes(one));
    if (
      borrowed !== undefined &&
      !target.domain.label.startsWith(borrowed) &&
      !sameOwner(target.domain, from)
    )
      add(
        "link_borrows_brand",
        3,
        `${quoted(target.domain.host, 80)} carries the name ${borrowed}`,
      );
    else if (borrowed !== undefined && target.domain.label.startsWith(`${borrowed}-`))
      add(
        "link_borrows_brand",
        3,
        `${quoted(target.domain.host, 80)} carries the name ${borrowed}`,
      );
  }
  if (html !== null) {
    if (html.password_fields > 0) add("form", 6, "a form that asks for a password");
    else if (html.forms > 0) add("form", 2.5, "a form");
    if (html.scripts > 0) add("script", 2.5, "scripts or frames");
    const remote = html.images.filter((one) => /^(?:https?:)?\/\//i.test(one.src.trim()));
    if (remote.length > 0) add("remote_images", 0, `${remote.length} remote pictures`);
    const pixels = remote.filter((one) => one.tiny).length;
    if (pixels > 0) add("tracking_pixel", 0, `${pixels} remote pictures too small to see`);
  }
  return { reasons: [...reasons.values()], injection: false, capped: links.length > LINKS };
}

/** Links of the HTML and bare ones of the text. */
export function collectLinks({
  mail,
  html,
}: Pick<Subject, "mail" | "html">): { href: string; text: string }[] {
  const links = [...(html?.links ?? [])];
  for (const [url] of mail.text.slice(0, 300_000).matchAll(/https?:\/\/[^\s<>"')\]]{1,2000}/gi)) {
    if (links.length > LINKS) break;
    links.push({ href: url, text: "" });
  }
  return links;
}
