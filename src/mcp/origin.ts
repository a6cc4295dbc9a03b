/** Which web pages may talk to the MCP door: the defence against DNS rebinding (MCP transports, security). */

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * True for a request that a web page made which is none of ours: a foreign `Origin`, or, where a browser speaks, a `Host`
 * that is neither `publicUrl`'s nor loopback, which is what a rebound name looks like from here. Programs name us as
 * they like.
 */
export function fromElsewhere(request: Request, publicUrl: string): boolean {
  const origin = request.headers.get("origin");
  if (!originAllowed(origin, publicUrl, request.url)) return true;
  const browser = origin !== null || request.headers.has("sec-fetch-site");
  return browser && !hostAllowed(request.headers.get("host"), publicUrl);
}

/** True for the host of `publicUrl` and for loopback names, on whatever port; also where there is no `Host`. */
function hostAllowed(host: string | null, publicUrl: string): boolean {
  if (host === null) return true;
  const given = URL.parse(`http://${host}`)?.hostname;
  return given !== undefined && (given === new URL(publicUrl).hostname || loopbackNames.has(given));
}

/**
 * True when there is no `Origin` (no browser), or it is `publicUrl`'s own, or a loopback one on the port of
 * `publicUrl` or of the request. A rebound page keeps its own origin, whatever its name resolves to.
 */
export function originAllowed(
  origin: string | null,
  publicUrl: string,
  requestUrl: string,
): boolean {
  if (origin === null) return true;
  const given = URL.parse(origin);
  if (!given || (given.protocol !== "http:" && given.protocol !== "https:")) return false;
  const own = new URL(publicUrl);
  if (given.origin === own.origin) return true;
  return (
    loopbackNames.has(given.hostname) &&
    (port(given) === port(own) || port(given) === port(new URL(requestUrl)))
  );
}

function port(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}
