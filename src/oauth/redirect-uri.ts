/** Redirect URIs: which may be registered, and when the one of a request is one of them. */

/** Longest redirect URI, in characters. */
export const maxRedirectUri = 2000;

/** Private-use schemes of well-known programs that have no dot in them (RFC 8252 section 7.1 asks for one). */
const knownSchemes = new Set(["claude", "cursor", "vscode", "vscode-insiders", "windsurf", "zed"]);

const loopbackHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** A redirect URI, read. */
type Target = { url: URL; kind: "web" | "loopback" | "private" };

/**
 * Why the text may not be a redirect URI; null where it may: `https` to any host, `http` to this device alone, or a private-use scheme
 * that names its owner by a domain. No fragment (RFC 6749 section 3.1.2), no user, nothing that browsers would run.
 */
export function redirectUriFault(text: string): string | null {
  const target = read(text);
  return typeof target === "string" ? target : null;
}

function read(text: string): Target | string {
  if (text.length > maxRedirectUri) return "is too long";
  // Printable ASCII alone: browsers drop tabs and line ends, and read a backslash as a slash.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(text)) return "has characters that no URI has";
  const url = URL.parse(text);
  if (!url) return "is no absolute URI";
  if (text.includes("#")) return "has a fragment";
  if (url.username !== "" || url.password !== "") return "names a user";
  const scheme = url.protocol.slice(0, -1);
  if (scheme === "https" || scheme === "http") {
    if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) return "has no proper host";
    // What was registered is what is compared: nothing that the parser would mend.
    if (!text.toLowerCase().startsWith(`${scheme}://`)) return "is not written out";
    const isLoopback = loopbackHosts.has(url.hostname);
    if (scheme === "http" && !isLoopback) return "is http to another device";
    return { url, kind: scheme === "http" ? "loopback" : "web" };
  }
  if (!knownSchemes.has(scheme) && !/^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+$/.test(scheme))
    return "has a scheme that nobody owns";
  return { url, kind: "private" };
}

/**
 * True when the redirect URI of a request is the registered one, character by character. On this device the port alone may differ
 * (RFC 8252 section 7.3), for `localhost` too: programs listen on whatever port is free.
 */
export function redirectUriMatches(registered: string, given: string): boolean {
  if (redirectUriFault(given) !== null) return false;
  if (registered === given) return true;
  const [one, other] = [read(registered), read(given)];
  if (typeof one === "string" || typeof other === "string") return false;
  if (one.kind !== "loopback" || other.kind !== "loopback") return false;
  const bare = ({ hostname, pathname, search }: URL) => `${hostname}${pathname}${search}`;
  return bare(one.url) === bare(other.url) && !/[?]$/.test(given);
}

/** What a person is told of where the browser goes: host and port, or the scheme of a program on their device. */
export function redirectPlace(uri: string): string {
  const url = URL.parse(uri);
  if (!url) return "";
  return url.protocol === "https:" || url.protocol === "http:" ? url.host : url.protocol;
}

/** True where the redirect leads to a program on the person's own device. */
export function staysOnDevice(uri: string): boolean {
  const target = read(uri);
  return typeof target !== "string" && target.kind !== "web";
}

/** The source that lets a form of ours lead there (CSP3 `form-action`); of a URI that {@link redirectUriFault} lets pass. */
export function formActionSource(uri: string): string {
  const url = new URL(uri);
  return url.protocol === "https:" || url.protocol === "http:" ? url.origin : url.protocol;
}

/** The redirect URI with parameters added to its query, in front of nothing else: what stood there stays (RFC 6749 section 4.1.2). */
export function withParameters(uri: string, parameters: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(parameters).toString();
  return `${uri}${uri.includes("?") ? (/[?&]$/.test(uri) ? "" : "&") : "?"}${query}`;
}
