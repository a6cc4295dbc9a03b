/** Where calls out to the web may go: the judgement of a URL as it is written, before any name is looked up. */
import { isIP } from "node:net";
import { isPublicAddress } from "../mail/route.ts";

/** What an instance lets its people and agents have it call. */
export type TargetRules = {
  /** True lets targets stand on loopback and private addresses. */
  allow_private: boolean;
  /** True lets them be called by plain http. */
  allow_http: boolean;
};

/** Longest URL that is called. */
export const maxUrl = 2000;

/** Names that mean this machine or this network wherever they are asked for (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`). */
const privateNames = /(?:^|\.)(?:localhost|local|internal|home\.arpa|lan|intranet|corp|home)\.?$/;

/**
 * Why a URL is not called, as a sentence without a subject ("must be …"), or null where nothing speaks against it yet. Addresses
 * in whatever spelling (decimal, octal, hexadecimal, mapped) are read as the URL standard reads them. What a name leads to is
 * judged as the connection is made.
 */
export function targetFault(text: string, rules: TargetRules): string | null {
  if (text.length > maxUrl) return `must have at most ${maxUrl} characters`;
  const url = URL.parse(text);
  if (url === null) return "must be a URL";
  if (url.protocol !== "https:" && !(rules.allow_http && url.protocol === "http:"))
    return rules.allow_http ? "must be an http or https URL" : "must be an https URL";
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password";
  const host = hostOf(url);
  if (host === "") return "must name a host";
  if (rules.allow_private) return null;
  if (isIP(host) !== 0)
    return isPublicAddress(host) ? null : `must not lead to ${host}, which is not a public address`;
  if (privateNames.test(host) || !host.replace(/\.$/, "").includes("."))
    return `must not lead to ${host}, which is not public`;
  return null;
}

/** The host as it is connected to: a name, or an address without brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replaceAll(/[[\]]/g, "");
}
