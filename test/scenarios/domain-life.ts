/** Domains in scenarios: what an operator answers, entered at a real DNS server as a provider would. */
import type { DnsServerForTests } from "../dns/server.ts";
import type { Answer } from "./running.ts";

/** A record as the API answers it. */
export type Shown = {
  type: "TXT" | "MX" | "CNAME";
  name: string;
  value: string;
  priority?: number;
  purpose: string;
  required: boolean;
  status: string | null;
  message: string | null;
};

/** Enters records, those of one name together; names that were there are replaced. */
export function publish(dns: DnsServerForTests, records: readonly Shown[]): void {
  for (const [name, group] of Map.groupBy(records, (record) => record.name)) {
    const entry: Record<string, unknown[]> = {};
    for (const record of group) (entry[record.type] ??= []).push(dataOf(record));
    dns.put(name, entry);
  }
}

function dataOf({ type, value, priority }: Shown): unknown {
  if (type === "MX") return { preference: priority ?? 10, exchange: value };
  return type === "TXT" ? (value.match(/[^]{1,255}/g) ?? [""]) : value;
}

/** The records of a domain for one purpose. */
export function recordsOf(answer: Answer, purpose: string): Shown[] {
  return answer.body.records.filter((record: Shown) => record.purpose === purpose);
}

/** The first of them. */
export function recordOf(answer: Answer, purpose: string): Shown {
  const [first] = recordsOf(answer, purpose);
  if (!first) throw new Error(`no record for ${purpose}`);
  return first;
}
