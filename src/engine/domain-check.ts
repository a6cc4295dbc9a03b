/** The live check of a domain's records: asked of DNS, past any cache of ours, and judged in words. */
import { judgeMx, judgeTxt, missing, shown } from "../core/domain-judgement.ts";
import type { Judgement } from "../core/domain-judgement.ts";
import type { DomainRecord, SendingHost } from "../core/domain-records.ts";
import { asMailauthResolver } from "../mail/dns-adapters.ts";
import type { DnsAnswer, DnsResolver, DnsType } from "../mail/dns-record.ts";
import type { DomainCheck } from "../store/domains.ts";

/** What a check works with. */
type CheckTools = { resolver: DnsResolver; host: SendingHost; domain: string };

/** Checks every record, in their order. Never rejects: an answer that did not come is `unknown`. */
export function checkRecords(
  tools: CheckTools,
  records: readonly DomainRecord[],
): Promise<DomainCheck[]> {
  return Promise.all(
    records.map(async (record) => {
      const { type, name, purpose } = record;
      return { type, name, purpose, ...(await checkRecord(tools, record)) };
    }),
  );
}

type Checked = Pick<DomainCheck, "status" | "message">;

async function checkRecord(tools: CheckTools, record: DomainRecord): Promise<Checked> {
  if (record.purpose === "mta_sts_host") return checkHost(tools, record);
  const type = record.type === "MX" ? "MX" : "TXT";
  const answer = await tools.resolver.resolve(record.name, type);
  const unknown = unanswered(answer, record.name);
  if (unknown) return unknown;
  const judged =
    type === "MX"
      ? judgeMx(record, (answer as DnsAnswer<"MX">).records)
      : judgeTxt(
          record,
          (answer as DnsAnswer<"TXT">).records.map((strings) => strings.join("")),
        );
  if (judged.status === "ok") return judged;
  if (record.purpose === "spf" && (await passesSpf(tools, record)))
    return { status: "ok", message: "The record lets this instance send." };
  const empty = answer.records.length === 0;
  const alias = answer.canonical !== record.name ? answer.canonical : null;
  if (empty && alias !== null)
    return {
      status: "wrong",
      message: `A CNAME to ${shown(alias)} was found where ${record.type} is expected.`,
    };
  return empty ? ((await doubled(tools, record, type)) ?? judged) : judged;
}

function unanswered(answer: DnsAnswer<DnsType>, name: string): Checked | null {
  if (answer.status === "timeout")
    return { status: "unknown", message: `No DNS server answered about ${name}; try again.` };
  if (answer.status === "servfail")
    return {
      status: "unknown",
      message: `DNS failed for ${name}: its servers do not answer, or its DNSSEC signatures are broken.`,
    };
  return null;
}

/** Many providers append the domain to a name that has it already. */
async function doubled(
  { resolver, domain }: CheckTools,
  record: DomainRecord,
  type: "MX" | "TXT",
): Promise<Judgement | null> {
  const name = `${record.name}.${domain}`;
  const { status, records } = await resolver.resolve(name, type);
  if (status !== "ok" || records.length === 0) return null;
  return {
    status: "wrong",
    message: `Your provider appended the domain twice: found at ${name}.`,
  };
}

/** Where the policy is served: by the name, or by an address of ours. */
async function checkHost({ resolver }: CheckTools, record: DomainRecord): Promise<Checked> {
  const isAddress = record.type !== "CNAME";
  const ask = async (name: string): Promise<DnsAnswer<"A" | "AAAA">[]> =>
    Promise.all([resolver.resolve(name, "A"), resolver.resolve(name, "AAAA")]);
  const [found, ours] = await Promise.all([
    ask(record.name),
    isAddress ? Promise.resolve([]) : ask(record.value),
  ]);
  const failed = found.map((one) => unanswered(one, record.name)).find((one) => one !== null);
  if (found.some((one) => one.canonical === record.value)) return { ...fine };
  const addresses = found.flatMap((one) => one.records);
  const wanted = isAddress ? [record.value] : ours.flatMap((one) => one.records);
  if (addresses.length === 0)
    return failed ?? missing(record, `There is no ${record.type} record at ${record.name}.`);
  if (addresses.some((address) => wanted.includes(address))) return { ...fine };
  return {
    status: "wrong",
    message: `The name leads to ${shown(addresses.slice(0, 3).join(", "))}, not to ${record.value}.`,
  };
}

const fine = { status: "ok", message: "As it should be." } as const;

/** Whether SPF as receivers evaluate it lets every address of ours send, by whatever way the record says so. */
async function passesSpf(tools: CheckTools, record: DomainRecord): Promise<boolean> {
  const { resolver, host } = tools;
  let addresses: readonly string[] = host.source_addresses;
  if (addresses.length === 0) {
    const [v4, v6] = await Promise.all([
      resolver.resolve(host.smtp_name, "A"),
      resolver.resolve(host.smtp_name, "AAAA"),
    ]);
    addresses = [...v4.records, ...v6.records].slice(0, 4);
  }
  if (addresses.length === 0) return false;
  try {
    const { spf } = await import("mailauth/lib/spf/index.js");
    const results = await Promise.all(
      addresses.map((ip) =>
        spf({
          sender: `check@${record.name}`,
          ip,
          helo: host.smtp_name,
          mta: host.smtp_name,
          resolver: asMailauthResolver(resolver),
          strict: true,
        }),
      ),
    );
    return results.every(({ status }) => status.result === "pass");
  } catch {
    return false;
  }
}
