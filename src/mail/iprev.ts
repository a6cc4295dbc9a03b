/** Reverse DNS of a client's address, confirmed forwards (iprev, RFC 8601 §3). */
import ipaddr from "ipaddr.js";

import { isAbsence } from "./authentication-dns.ts";
import type { Resolver } from "./verify.ts";

export interface IprevReport {
  readonly result: "pass" | "fail" | "temperror" | "permerror";
  /** The name that leads back to the address; null unless `pass`. */
  readonly name: string | null;
}

/** Names of one address that are followed (RFC 8601 §3 asks for a bound). */
const MAX_NAMES = 3;

/** Whether the address has a name that has the address (RFC 8601 §3). */
export async function checkIprev(address: string, resolver: Resolver): Promise<IprevReport> {
  if (!ipaddr.isValid(address)) return { result: "permerror", name: null };
  const ip = ipaddr.process(address);
  const type = ip.kind() === "ipv4" ? "A" : "AAAA";
  let result: IprevReport["result"] = "fail";
  try {
    const names = (await resolver(reverseName(ip), "PTR")) as string[];
    for (const name of names.slice(0, MAX_NAMES)) {
      try {
        const found = (await resolver(name, type)) as string[];
        const same = (one: string): boolean =>
          ipaddr.isValid(one) && ipaddr.process(one).toString() === ip.toString();
        if (found.some(same))
          return { result: "pass", name: name.replace(/\.$/, "").toLowerCase() };
      } catch (error) {
        if (!isAbsence(error)) result = "temperror";
      }
    }
  } catch (error) {
    return { result: isAbsence(error) ? "permerror" : "temperror", name: null };
  }
  return { result, name: null };
}

function reverseName(ip: ipaddr.IPv4 | ipaddr.IPv6): string {
  const octets = ip.toByteArray().reverse();
  if (ip.kind() === "ipv4") return `${octets.join(".")}.in-addr.arpa`;
  const nibbles = octets.map((one) => `${(one & 15).toString(16)}.${(one >> 4).toString(16)}`);
  return `${nibbles.join(".")}.ip6.arpa`;
}
