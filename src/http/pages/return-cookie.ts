/** The cookie that remembers which program asked to be let in, while its person signs in or confirms who they are. */

/** Minutes are enough to sign in; what is older was given up. */
const seconds = 900;
/** Cookies of more than 4096 octets are dropped; beyond this the person begins again at the program. */
const longest = 2900;

/** Where programs send people. */
export const authorizePath = "/oauth/authorize";

function name(secure: boolean): string {
  return secure ? "__Host-multimail_return" : "multimail_return";
}

/** `Set-Cookie` for a request to come back to; null where it is too long or is none. */
export function returnCookie(path: string, secure: boolean): string | null {
  if (path.length > longest || !isRequest(path)) return null;
  const value = Buffer.from(path).toString("base64url");
  return `${name(secure)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** `Set-Cookie` that forgets it. */
export function endedReturnCookie(secure: boolean): string {
  return `${name(secure)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`;
}

/** The request to come back to, as a path of ours; null where there is none. Whatever the cookie says, it leads nowhere else. */
export function readReturn(headers: Headers, secure: boolean): string | null {
  const values = (headers.get("cookie") ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name(secure)}=`));
  const [pair] = values;
  if (values.length !== 1 || pair === undefined) return null;
  const path = Buffer.from(pair.slice(name(secure).length + 1), "base64url").toString("latin1");
  return path.length <= longest && isRequest(path) ? path : null;
}

function isRequest(path: string): boolean {
  return path.startsWith(`${authorizePath}?`) && /^[\x21-\x5b\x5d-\x7e]+$/.test(path);
}
