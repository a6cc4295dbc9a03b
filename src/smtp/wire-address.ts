/** Envelope addresses as they were on the wire, out of what smtp-server makes of them. */
import { domainToASCII } from "node:url";

/** smtp-server turns A-label domains into Unicode; this turns them back (RFC 5890 §2.3.2.1). */
export function wireAddress(address: string): string {
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1);
  if (at === -1 || /^[\u0000-\u007f]*$/.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === "" ? address : `${address.slice(0, at)}@${ascii}`;
}
