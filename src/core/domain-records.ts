/** The DNS records that a domain needs to send and receive here, as data and as a zone file. */
import { createHash } from "node:crypto";

/** What a record is for. */
export type RecordPurpose =
  | "dkim"
  | "return_path"
  | "spf"
  | "spf_root"
  | "receiving"
  | "dmarc"
  | "identity"
  | "mta_sts"
  | "mta_sts_host"
  | "tls_reports";

/** One record. Names are absolute A-labels without the final dot; TXT values are whole, not cut into strings. */
export type DomainRecord = {
  type: "TXT" | "MX" | "CNAME" | "A" | "AAAA";
  name: string;
  value: string;
  purpose: RecordPurpose;
  /** Without it the domain is not verified, or mail suffers. */
  required: boolean;
  /** Seconds. */
  ttl: number;
  /** Of MX records. */
  priority?: number;
  /** One sentence for whoever enters it. */
  note: string;
};

/** A DKIM key as its record shows it. */
export type DkimRecordKey = {
  selector: string;
  algorithm: "rsa2048" | "ed25519";
  /** The TXT value (RFC 6376 section 3.6.1). */
  value: string;
  status: "pending" | "active" | "retired";
  /** Until when the record of a retired key must stay; null while it is in use. */
  keep_until: Date | null;
};

/** How the domain's incoming mail is protected (RFC 8461 section 3.2). */
export type StsMode = "none" | "testing" | "enforce";

/** Everything that the records of one domain are made of. */
export type DomainFacts = {
  domain: string;
  keys: readonly DkimRecordKey[];
  identity: {
    /** URL of the key set. */
    jwks: string;
    /** Verification key of the operator's log. */
    log: string;
    keys: readonly { selector: string; spki: string }[];
  };
  sts_mode: StsMode;
  host: SendingHost;
};

/** What the instance is to the world. */
export type SendingHost = {
  /** Name of the mail server: the target of MX records. */
  smtp_name: string;
  /** Host of the public URL: a name or an IP address. */
  web_host: string;
  /** Addresses that mail leaves from, where they are known. */
  source_addresses: readonly string[];
  delivery: "capture" | "relay" | "direct";
};

const ttl = 3600;

/** Longest lifetime of a policy in seconds: short while it is tried out. */
const stsAge: Readonly<Record<StsMode, number>> = {
  none: 86_400,
  testing: 86_400,
  enforce: 1_209_600,
};

/** The records, the required ones first. */
export function domainRecords(facts: DomainFacts): DomainRecord[] {
  const { domain, host } = facts;
  return [
    ...dkimRecords(facts),
    {
      type: "MX",
      name: `bounces.${domain}`,
      value: host.smtp_name,
      priority: 10,
      purpose: "return_path",
      required: true,
      ttl,
      note: "Bounces come back to this name, and many servers refuse mail whose sender cannot be answered.",
    },
    ...spfRecords(facts),
    {
      type: "MX",
      name: domain,
      value: host.smtp_name,
      priority: 10,
      purpose: "receiving",
      required: false,
      ttl,
      note: "Receive mail of this domain here. Leave it out where another system receives it.",
    },
    {
      type: "TXT",
      name: `_dmarc.${domain}`,
      value: `v=DMARC1; p=none; rua=mailto:dmarc-reports@${domain}`,
      purpose: "dmarc",
      required: false,
      ttl,
      note: "Large receivers ask for it. Start with p=none, and go to p=quarantine once the reports show that all of your mail passes.",
    },
    ...identityRecords(facts),
    ...transportRecords(facts),
  ];
}

function dkimRecords({ domain, keys }: DomainFacts): DomainRecord[] {
  const signsWithRsa = keys.some((key) => key.algorithm === "rsa2048" && key.status === "active");
  return keys.map((key) => ({
    type: "TXT",
    name: `${key.selector}._domainkey.${domain}`,
    value: key.value,
    purpose: "dkim",
    required:
      key.algorithm === "rsa2048" &&
      (key.status === "active" || (key.status === "pending" && !signsWithRsa)),
    ttl,
    note: dkimNote(key, signsWithRsa),
  }));
}

function dkimNote(key: DkimRecordKey, signsWithRsa: boolean): string {
  if (key.status === "retired")
    return `Retired: keep it until ${key.keep_until?.toISOString() ?? "its mail is delivered"}, because mail that it signed is still under way.`;
  if (key.status === "active") return "Signs mail now.";
  if (signsWithRsa) return "The next key: it signs as soon as DNS shows it.";
  return key.algorithm === "rsa2048"
    ? "Proves that the domain is yours, and signs its mail."
    : "A second signature, shorter and newer; used once DNS shows it.";
}

function spfRecords({ domain, host }: DomainFacts): DomainRecord[] {
  const value = `v=spf1 ${senders(host).join(" ")} ~all`;
  const direct = host.delivery === "direct";
  const relayed =
    host.delivery === "relay"
      ? " Mail leaves through a relay: add what its provider names, such as include:spf.provider.example."
      : "";
  return [
    {
      type: "TXT",
      name: `bounces.${domain}`,
      value,
      purpose: "spf",
      required: direct,
      ttl,
      note: `Says which servers send for this domain (SPF).${relayed}`,
    },
    {
      type: "TXT",
      name: domain,
      value,
      purpose: "spf_root",
      required: false,
      ttl,
      note: `Only advice: SPF asks about bounces.${domain}. A name has one SPF record, so add to yours, never a second one.${relayed}`,
    },
  ];
}

/** The mechanisms that name the instance (RFC 7208 section 5). */
export function senders(host: SendingHost): string[] {
  if (host.source_addresses.length === 0) return [`a:${host.smtp_name}`];
  return host.source_addresses.map((one) => (one.includes(":") ? `ip6:${one}` : `ip4:${one}`));
}

function identityRecords({ domain, identity }: DomainFacts): DomainRecord[] {
  const shared = { type: "TXT", purpose: "identity", required: false, ttl } as const;
  return [
    {
      ...shared,
      name: `_mmid.${domain}`,
      value: `v=MMID1; jwks=${identity.jwks}; log=${identity.log}`,
      note: "Lets anybody find the keys behind X-MultiMail-Identity and the audit log.",
    },
    ...identity.keys.map(({ selector, spki }) => ({
      ...shared,
      name: `${selector}._mmid.${domain}`,
      value: `v=MMID1; k=es256; p=${spki}`,
      note: "The identity key itself, so that it can be checked without asking this instance.",
    })),
  ];
}

function transportRecords({ domain, host, sts_mode }: DomainFacts): DomainRecord[] {
  const shared = { required: false, ttl } as const;
  const web = host.web_host;
  const address = /^[0-9.]+$/.test(web) ? "A" : web.includes(":") ? "AAAA" : null;
  return [
    {
      ...shared,
      type: "TXT",
      name: `_mta-sts.${domain}`,
      value: `v=STSv1; id=${stsPolicyId(sts_mode, host.smtp_name)}`,
      purpose: "mta_sts",
      note: "Announces the MTA-STS policy. Only where the domain receives mail here; change the id whenever the policy changes.",
    },
    {
      ...shared,
      type: address ?? "CNAME",
      name: `mta-sts.${domain}`,
      // A name without a dot is nobody else's.
      value: address || web.includes(".") ? web : host.smtp_name,
      purpose: "mta_sts_host",
      note: "Serves the policy; the web server needs a certificate for this name.",
    },
    {
      ...shared,
      type: "TXT",
      name: `_smtp._tls.${domain}`,
      value: `v=TLSRPTv1; rua=mailto:tls-reports@${domain}`,
      purpose: "tls_reports",
      note: "Asks other mail systems to report failures of encryption towards this domain.",
    },
  ];
}

/** The policy file for a domain whose mail `mx` receives (RFC 8461 section 3.2). */
export function stsPolicy(mode: StsMode, mx: string): string {
  return [
    "version: STSv1",
    `mode: ${mode}`,
    ...(mode === "none" ? [] : [`mx: ${mx}`]),
    `max_age: ${stsAge[mode]}`,
    "",
  ].join("\r\n");
}

/** 1 to 32 letters and digits that change with the policy. */
export function stsPolicyId(mode: StsMode, mx: string): string {
  return createHash("sha256").update(stsPolicy(mode, mx)).digest("hex").slice(0, 20);
}

/** A record as one line of a zone file (RFC 1035 section 5.1), TXT cut into strings of at most 255 octets. */
export function zoneLine(record: DomainRecord): string {
  const data =
    record.type === "TXT"
      ? quoted(record.value)
      : record.type === "MX"
        ? `${record.priority ?? 10} ${record.value}.`
        : record.type === "CNAME"
          ? `${record.value}.`
          : record.value;
  return `${record.name}. ${record.ttl} IN ${record.type} ${data}`;
}

/** Where a domain has mail already, these would lead it astray or stand beside a record that must be the only one. */
const commented: ReadonlySet<RecordPurpose> = new Set(["spf_root", "receiving"]);

/** All records as a zone file to be imported; those that may harm what is there already are comments. */
export function zoneFile(title: string, records: readonly DomainRecord[]): string {
  const lines = records.flatMap((record) => [
    `; ${printable(`${record.purpose}${record.required ? "" : " (optional)"}: ${record.note}`)}`,
    commented.has(record.purpose) ? `; ${zoneLine(record)}` : zoneLine(record),
  ]);
  return `; Records of ${printable(title)}\n${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  const octets = Buffer.from(text);
  const strings: string[] = [];
  for (let i = 0; i < Math.max(1, octets.length); i += 255) {
    const part = [...octets.subarray(i, i + 255)].map((octet) =>
      octet === 0x22 || octet === 0x5c
        ? `\\${String.fromCharCode(octet)}`
        : octet < 0x20 || octet > 0x7e
          ? `\\${String(octet).padStart(3, "0")}`
          : String.fromCharCode(octet),
    );
    strings.push(`"${part.join("")}"`);
  }
  return strings.join(" ");
}

/** Text for a comment: on one line. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
