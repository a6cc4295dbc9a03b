/** Links as they deceive: text that names another domain, look-alikes, disguised hosts. Used for mail in both directions. */
import { type DomainParts, domainParts, lookAlike, type Protected, sameOwner } from "./domains.ts";
import { quoted, visible } from "./text-fold.ts";

/** What is wrong with a link. */
export type LinkRule =
  | "link_mismatch"
  | "link_look_alike"
  | "link_userinfo"
  | "link_ip"
  | "link_scheme"
  | "link_punycode";

/** One finding; the detail names hosts only, never paths or queries, which may carry secrets. */
export interface LinkFinding {
  rule: LinkRule;
  detail: string;
}

/** A link target taken apart; null where it is none of http(s). */
export interface Target {
  domain: DomainParts;
  userinfo: boolean;
  punycode: boolean;
}

// Redirectors that mail security products and mailing services put before every link of a mail.
const rewriters =
  /(?:^|\.)(?:safelinks\.protection\.outlook\.com|urldefense(?:\.proofpoint)?\.com|linkprotect\.cudasvc\.com|mimecast(?:protect)?\.com)$/;

/** Reads the target of a link. Browsers forgive much; this forgives the same by the WHATWG parser. */
export function readTarget(href: string): Target | null {
  const written = visible(href.slice(0, 4096))
    .replace(/[\t\r\n]/g, "")
    .trim();
  const full = written.startsWith("//") ? `https:${written}` : written;
  if (!/^https?:/i.test(full)) return null;
  const url = URL.parse(full);
  if (url === null) return null;
  const domain = domainParts(url.hostname);
  if (domain === null) return null;
  return {
    domain,
    userinfo: url.username !== "" || url.password !== "",
    punycode: url.hostname.includes("xn--"),
  };
}

const scheme = /^\s*(javascript|data|vbscript|file|blob|ms-[a-z-]{2,30}|search-ms|intent):/i;
const hostInText =
  /(?:https?:\/\/|www\.)[^\s/<>"'()]{1,253}|(?<![\p{L}\p{N}.@_-])(?:[\p{L}\p{N}-]{1,63}\.){1,6}\p{L}{2,24}(?![\p{L}\p{N}@_-])/u;

/** Everything wrong with one link. `text` is what a reader sees. */
export function linkFindings(href: string, text: string, against: Protected): LinkFinding[] {
  const found: LinkFinding[] = [];
  const cleaned = href.slice(0, 200).replace(/[\u0000-\u0020]/g, "");
  const odd = scheme.exec(cleaned)?.[1];
  if (odd !== undefined && !/^data:image\//i.test(cleaned))
    found.push({ rule: "link_scheme", detail: `a link runs ${quoted(odd, 20)}:` });
  const target = readTarget(href);
  if (target === null) return found;
  const { domain } = target;
  const host = quoted(domain.host, 80);
  if (target.userinfo)
    found.push({
      rule: "link_userinfo",
      detail: `a link hides its host ${host} behind a name and @`,
    });
  if (domain.is_ip && !/^(?:127\.|\[::1\])/.test(domain.host))
    found.push({ rule: "link_ip", detail: `a link to the bare address ${host}` });
  const like = lookAlike(domain, against);
  if (like !== null)
    found.push({
      rule: "link_look_alike",
      detail: `${host} looks like ${quoted(like.imitates, 60)}`,
    });
  else if (target.punycode)
    found.push({ rule: "link_punycode", detail: `${host} is ${quoted(domain.label, 60)}` });
  const named = namedDomain(text);
  if (named !== null && !sameOwner(named, domain) && !rewriters.test(domain.host))
    found.push({
      rule: "link_mismatch",
      detail: `the text names ${quoted(named.registrable, 60)}, the target is ${host}`,
    });
  return found;
}

/** The domain a link text names, where it names one with a known public suffix; file names are none. */
function namedDomain(text: string): DomainParts | null {
  if (!text.includes(".")) return null;
  const match = hostInText.exec(visible(text.slice(0, 300)))?.[0];
  if (match === undefined) return null;
  const explicit = /^(?:https?:|www\.)/i.test(match);
  const parts = domainParts(
    match
      .replace(/^https?:\/\//i, "")
      .replace(/^[^@]{0,200}@/, "")
      .replace(/:\d{1,5}$/, "")
      .replace(/[.,;:!?]+$/, ""),
  );
  if (parts === null || parts.suffix === "" || parts.registrable === parts.suffix) return null;
  // `invoice.zip` and `Node.js` are more often a file or a product than a host.
  if (
    !explicit &&
    /^(?:zip|mov|js|ts|py|rs|md|sh|pl|ps|ai|io|net|app|doc|pdf)$/.test(parts.suffix) &&
    parts.host.split(".").length < 3
  )
    return /^(?:io|net|ai|app)$/.test(parts.suffix) && /^[a-z0-9-]{3,}\.[a-z]+$/.test(match)
      ? parts
      : null;
  return parts;
}
