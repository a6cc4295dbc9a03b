/** The session cookie: its name, how it is set, read and taken away (RFC 6265bis). */

/** Session tokens are ours; whatever else a client sends under that name is not even looked up. */
const tokenPattern = /^[A-Za-z0-9._~-]{1,256}$/;

/** `__Host-` makes browsers refuse the cookie from a subdomain, another path or plain http. */
function cookieName(secure: boolean): string {
  return secure ? "__Host-multimail_session" : "multimail_session";
}

/** The session token that the request carries, or null. Of two cookies of the name neither is believed. */
export function readSessionCookie(headers: Headers, secure: boolean): string | null {
  const name = cookieName(secure);
  const values = (headers.get("cookie") ?? "").split(";").flatMap((pair) => {
    const equals = pair.indexOf("=");
    return equals > 0 && pair.slice(0, equals).trim() === name
      ? [pair.slice(equals + 1).trim()]
      : [];
  });
  const [value] = values;
  return values.length === 1 && value !== undefined && tokenPattern.test(value) ? value : null;
}

/** `Set-Cookie` for a new session, until `expires_at` (ISO 8601). Throws a plain Error for a token that is none of ours. */
export function sessionCookie(token: string, expires_at: string, secure: boolean): string {
  if (!tokenPattern.test(token)) throw new Error("the session token cannot be a cookie value");
  const expires = new Date(expires_at).toUTCString();
  return `${cookieName(secure)}=${token}; Path=/; Expires=${expires}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** True for a `Set-Cookie` that is about the session. */
export function setsSession(cookie: string): boolean {
  return /^(?:__Host-)?multimail_session=/.test(cookie);
}

/** `Set-Cookie` that removes the session from the browser. */
export function endedSessionCookie(secure: boolean): string {
  return `${cookieName(secure)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}
