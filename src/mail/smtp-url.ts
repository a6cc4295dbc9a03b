/** Relay URLs such as `smtp://user:pass@host:587?tls=required`, read into transport options. */
import { isIPv4, isIPv6 } from "node:net";

import { SmtpInputError } from "./smtp-envelope.ts";
import type { SmtpAuth, TlsMode } from "./smtp-session.ts";

export interface RelaySettings {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsMode;
  readonly verify_certificate: boolean;
  readonly auth?: SmtpAuth;
}

const TLS_MODES: readonly TlsMode[] = ["opportunistic", "required", "implicit", "none"];
const DOMAIN =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?)*$/;

/**
 * Reads `smtp://` and `smtps://` URLs. User and password are percent-encoded. Query: `tls` (opportunistic, required, implicit,
 * none) and `verify` (yes, no). What is left out:
 * port 465 for smtps, 587 with credentials, else 25; tls implicit for smtps, else required with credentials or port 587 unless
 * the host is this machine, else opportunistic; the certificate is verified where TLS is demanded.
 * @throws SmtpInputError `bad_option`, never quoting the URL, which holds a password
 */
export function parseRelayUrl(text: string): RelaySettings {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "smtp:" && url.protocol !== "smtps:"))
    throw bad("is not an smtp:// or smtps:// URL");
  if ((url.pathname !== "" && url.pathname !== "/") || url.hash !== "")
    throw bad("must not have a path or fragment");
  for (const name of url.searchParams.keys()) {
    if (name !== "tls" && name !== "verify")
      throw bad(`has an unknown parameter ${JSON.stringify(name)}`);
    if (url.searchParams.getAll(name).length > 1) throw bad(`has parameter ${name} twice`);
  }
  const host = hostOf(url);
  const auth = authOf(url);
  const secure = url.protocol === "smtps:";
  const port = url.port !== "" ? Number(url.port) : secure ? 465 : auth === undefined ? 25 : 587;
  if (port === 0) throw bad("has port 0");
  const tls = tlsOf(url, (auth !== undefined || port === 587) && !isThisMachine(host));
  const verify = url.searchParams.get("verify");
  if (verify !== null && verify !== "yes" && verify !== "no")
    throw bad("has a verify other than yes or no");
  const verify_certificate =
    verify === null ? tls === "required" || tls === "implicit" : verify === "yes";
  return { host, port, tls, verify_certificate, ...(auth === undefined ? {} : { auth }) };
}

function tlsOf(url: URL, demanded: boolean): TlsMode {
  const given = url.searchParams.get("tls");
  if (url.protocol === "smtps:") {
    if (given !== null && given !== "implicit") throw bad("is smtps:// and so its tls is implicit");
    return "implicit";
  }
  if (given === null) return demanded ? "required" : "opportunistic";
  const mode = TLS_MODES.find((known) => known === given);
  if (mode === undefined) throw bad(`has a tls other than ${TLS_MODES.join(", ")}`);
  return mode;
}

function hostOf(url: URL): string {
  const host = url.hostname.toLowerCase();
  if (host.startsWith("[") && host.endsWith("]") && isIPv6(host.slice(1, -1)))
    return host.slice(1, -1);
  if (!isIPv4(host) && !DOMAIN.test(host)) throw bad("has no usable host");
  return host;
}

function authOf(url: URL): SmtpAuth | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const [user, pass] = [url.username, url.password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw bad("has credentials that are not percent-encoded UTF-8");
    }
  }) as [string, string];
  if (user === "" || user.includes("\0") || pass.includes("\0"))
    throw bad("has an empty user or a NUL in its credentials");
  return { user, pass };
}

function isThisMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

function bad(what: string): SmtpInputError {
  return new SmtpInputError("bad_option", `relay URL ${what}`);
}
