/** Our resolver in another shape: as mailauth asks questions. */
import type { DnsResolver, DnsStatus, DnsType } from "./dns-record.ts";
import type { Resolver } from "./verify.ts";

const TYPES: ReadonlySet<string> = new Set([
  "MX",
  "A",
  "AAAA",
  "TLSA",
  "TXT",
  "CNAME",
  "PTR",
  "SRV",
]);

/** As `node:dns` names them. */
const ERROR_OF: Readonly<Record<Exclude<DnsStatus, "ok">, string>> = {
  nxdomain: "ENOTFOUND",
  nodata: "ENODATA",
  servfail: "ESERVFAIL",
  timeout: "ETIMEOUT",
};

/**
 * Answers as `node:dns/promises` `resolve(name, type)` does: TXT as lists of strings, MX as `{exchange, priority}`, SRV as
 * `{name, port, priority, weight}`, others as strings. Rejects with an error whose `code` is `ENOTFOUND`, `ENODATA`, `ESERVFAIL` or
 * `ETIMEOUT`, and `ENOTIMP` for types we do not ask for.
 */
export function asMailauthResolver(resolver: DnsResolver): Resolver {
  return async (name, type) => {
    const wanted = type.toUpperCase();
    if (!TYPES.has(wanted)) throw failure("ENOTIMP", name, type);
    const answer = await resolver.resolve(name, wanted as DnsType);
    if (answer.status !== "ok") throw failure(ERROR_OF[answer.status], name, type);
    return answer.records.map(asNode) as string[][] | string[];
  };
}

function asNode(record: unknown): unknown {
  if (typeof record === "string") return record;
  if (Array.isArray(record)) return [...(record as string[])];
  const fields = record as Record<string, unknown>;
  if ("exchange" in fields) return { exchange: fields["exchange"], priority: fields["preference"] };
  if ("target" in fields) {
    const { target: name, port, priority, weight } = fields;
    return { name, port, priority, weight };
  }
  return record;
}

function failure(code: string, name: string, type: string): Error {
  return Object.assign(new Error(`query${type} ${code} ${name}`), { code, hostname: name });
}
