/** Which web pages may talk to the MCP door: the defence against DNS rebinding (MCP transports, security). */

const loopbackNames = new Set(["localhost", "127.0.0.1", "[::1]"]);

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
