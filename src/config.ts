/** Configuration: the only reader of the environment. Environment over file over default; unknown names are refused. */
import { existsSync, readFileSync } from "node:fs";
import { isIP, isIPv4, isIPv6 } from "node:net";
import { resolve } from "node:path";
import { z } from "zod";

/** Names and values as the process was given them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process, for the composition roots. */
export function processEnvironment(): Environment {
  return process.env;
}

/** A setting that cannot be used: one line that names it and says how to mend it. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

const domain = z
  .string()
  .regex(
    /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/,
    "must be a domain name in lower case, such as mail.example.com",
  );
const origin = z
  .string()
  .regex(
    /^https?:\/\/[^/\s?#@]+$/,
    "must be an origin such as https://mail.example.com, without a path",
  );
function wholeNumber(least: number, most: number) {
  const error = `must be a whole number, ${least} to ${most}`;
  return z.coerce.number({ error }).int(error).min(least, error).max(most, error);
}
const port = wholeNumber(0, 65_535);
const seconds = wholeNumber(1, 600);
/** `ip`, `ip:port` or `[ip]:port`, as node:dns takes servers. */
function isServer(text: string): boolean {
  const [, six, four, end = "53"] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const isAddress = six === undefined ? isIPv4(four ?? "") : isIPv6(six);
  return isAddress && Number(end) > 0 && Number(end) < 65_536;
}
const yesOrNo = z.enum(["yes", "no"], { error: "must be yes or no" });
const text = z
  .string()
  .min(1, "must not be empty")
  .regex(
    /^[^\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u,
    "must be one line, without control characters",
  );

/** Every setting: its name in the environment, its form, its default. */
const settings = {
  MULTIMAIL_DATA: text.default("data").describe("Folder for everything that lasts"),
  MULTIMAIL_HOST: text.default("127.0.0.1").describe("Address the HTTP door listens on"),
  MULTIMAIL_PORT: port.default(8420).describe("Port of the HTTP door; 0 takes a free one"),
  MULTIMAIL_PUBLIC_URL: origin.optional().describe("Origin under which others reach the instance"),
  MULTIMAIL_DOMAIN: domain
    .default("multimail.localhost")
    .describe("The instance's own mail domain"),
  MULTIMAIL_DELIVERY: z
    .enum(["capture", "relay", "direct"], { error: "must be capture, relay or direct" })
    .default("capture")
    .describe(
      "capture keeps all mail in the local catcher; relay hands it to MULTIMAIL_RELAY_URL; direct hands it to each recipient's own server, and to MULTIMAIL_RELAY_URL where that is set and the server cannot be reached",
    ),
  MULTIMAIL_RELAY_URL: z
    .string()
    .regex(/^smtps?:\/\//, "must be smtp://[user:password@]host[:port] or smtps://…")
    .optional()
    .describe("SMTP submission host for delivery by relay"),
  MULTIMAIL_SMTP_HOST: text
    .optional()
    .describe("Address the SMTP doors listen on; MULTIMAIL_HOST where it is not set"),
  MULTIMAIL_SMTP_PORT: port
    .optional()
    .describe("Port that takes mail for our mailboxes; 2525, or a free one where that is taken"),
  MULTIMAIL_SUBMISSION_PORT: port
    .optional()
    .describe(
      "Port for programs that send by SMTP with an API key; 2587, or a free one where that is taken",
    ),
  MULTIMAIL_CATCHER_PORT: port
    .optional()
    .describe("Port of the local catcher's SMTP listener; 8425, or a free one where that is taken"),
  MULTIMAIL_SMTP_RATE: wholeNumber(1, 1_000_000)
    .default(600)
    .describe("Messages a minute from one address on the Internet, and into one mailbox"),
  MULTIMAIL_SMTP_NAME: domain
    .optional()
    .describe("Name of this host in SMTP and in MX records; MULTIMAIL_DOMAIN where it is not set"),
  MULTIMAIL_TLS_CERT: text
    .optional()
    .describe("PEM file with the certificate chain for SMTP; one is made where it is not set"),
  MULTIMAIL_TLS_KEY: text.optional().describe("PEM file with the key of MULTIMAIL_TLS_CERT"),
  MULTIMAIL_DNS: z
    .string()
    .refine(
      (list) => list.split(",").every(isServer),
      "must be addresses of DNS servers such as 127.0.0.1 or 127.0.0.1:53,[::1]:53",
    )
    .optional()
    .describe("DNS servers; the system's where it is not set"),
  MULTIMAIL_DNS_VALIDATES: yesOrNo
    .default("no")
    .describe(
      "yes where the DNS servers check DNSSEC and the way to them can be trusted: DANE is used then, once a self-test has passed",
    ),
  MULTIMAIL_DIRECT_PORT: port
    .default(25)
    .describe("Port of recipients' servers in direct delivery; other than 25 for test networks"),
  MULTIMAIL_PRIVATE_TARGETS: yesOrNo
    .default("no")
    .describe("yes lets direct delivery connect to loopback and private addresses"),
  MULTIMAIL_PRIVATE_WEBHOOKS: yesOrNo
    .default("no")
    .describe(
      "yes lets webhooks and chats stand on loopback and private addresses, and webhooks be called by plain http",
    ),
  MULTIMAIL_SOURCE_ADDRESSES: z
    .string()
    .refine(
      (list) => list.split(",").every((address) => isIP(address) !== 0),
      "must be IP addresses of this host, with commas",
    )
    .optional()
    .describe("Addresses of this host that direct delivery connects from"),
  MULTIMAIL_RSPAMD_URL: z
    .string()
    .regex(/^https?:\/\/[^\s]+$/, "must be a URL such as http://127.0.0.1:11333")
    .optional()
    .describe("A second opinion on received mail: a server that speaks rspamd's protocol"),
  MULTIMAIL_TLS_REPORTS: yesOrNo
    .default("yes")
    .describe(
      "yes counts how TLS fared in direct delivery and sends a report a day to domains that ask for it (TLS-RPT)",
    ),
  MULTIMAIL_ARC_SEALERS: z
    .string()
    .refine(
      (list) => list.split(",").every((name) => domain.safeParse(name).success),
      "must be domain names in lower case, with commas, such as lists.example.com",
    )
    .optional()
    .describe(
      "Forwarders and lists (d= of ARC-Seal) whose word is taken that mail was genuine before they changed it; none where it is not set",
    ),
  MULTIMAIL_DAILY_QUOTA: wholeNumber(1, 1_000_000)
    .default(1_000_000)
    .describe("Messages a mailbox may send in a day (UTC), unless it has a quota of its own"),
  MULTIMAIL_KEY_RATE: wholeNumber(0, 100_000_000)
    .default(600_000)
    .describe("Requests a minute of one API key; 0 for any number"),
  MULTIMAIL_OPERATOR_RATE: wholeNumber(0, 100_000_000)
    .default(1_800_000)
    .describe("Requests a minute of all API keys of an operator together; 0 for any number"),
  MULTIMAIL_PUBLIC_RATE: wholeNumber(0, 100_000_000)
    .default(60_000)
    .describe(
      "Requests a minute without a credential, or with a wrong one, from one address; 0 for any number, as behind a proxy whose address stands for everybody's",
    ),
  MULTIMAIL_MONTHLY_QUOTA: wholeNumber(1, 1_000_000_000)
    .optional()
    .describe("Messages an operator may submit in a month (UTC); any number where it is not set"),
  MULTIMAIL_MAILBOX_QUOTA: wholeNumber(1, 1_000_000)
    .optional()
    .describe("Mailboxes of an operator; any number where it is not set"),
  MULTIMAIL_STORAGE_QUOTA: wholeNumber(1, Number.MAX_SAFE_INTEGER)
    .optional()
    .describe(
      "Bytes of mail an operator may keep before it can send no more; any number where it is not set",
    ),
  MULTIMAIL_METRICS_TOKEN: z
    .string()
    .regex(/^[!-~]{16,200}$/, "must be 16 to 200 printable characters without spaces")
    .optional()
    .describe("Bearer token of /metrics; where it is not set, only this machine is answered"),
  MULTIMAIL_TRANSCRIPT_DAYS: wholeNumber(0, 365)
    .default(30)
    .describe("Days for which SMTP conversations with recipients' servers are kept; 0 keeps none"),
  MULTIMAIL_ROLES: z
    .string()
    .regex(
      /^(?:all|(?:api|smtp|worker)(?:,(?:api|smtp|worker))*)$/,
      "must be all, or some of api,smtp,worker",
    )
    .default("all")
    .describe("What this node does"),
  MULTIMAIL_CATCHER_KEEP: wholeNumber(1, 1_000_000)
    .default(10_000)
    .describe("Caught mails to keep"),
  // It stands in each message: what the composer refuses would stop every send.
  MULTIMAIL_OPERATOR_NAME: text
    .regex(
      /^(?!.*=\?).{1,256}$/u,
      'must be able to stand as a name in mail: at most 256 characters, no "=?"',
    )
    .default("Example Operator")
    .describe("Name of the first operator"),
  MULTIMAIL_POSTAL_ADDRESS: text
    .default("Example Operator, 1 Example Street, 00000 Example City")
    .describe("Postal address in the footer of every message"),
  MULTIMAIL_OVERSIGHT_ADDRESS: text
    .optional()
    .describe("Where the overseers of the first operator are reached"),
  MULTIMAIL_OWNER_NAME: text.default("Owner").describe("Name of the first operator's owner"),
  MULTIMAIL_SIGNUP: z
    .enum(["open", "closed"], { error: "must be open or closed" })
    .default("closed")
    .describe(
      "open lets strangers make accounts of their own with a mailed code, each under a subdomain of MULTIMAIL_DOMAIN",
    ),
  MULTIMAIL_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "must be 64 hex digits (32 bytes)")
    .optional()
    .describe("Key that seals all private keys; made in the data folder when absent"),
  MULTIMAIL_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "silent"], {
      error: "must be debug, info, warn, error or silent",
    })
    .default("warn")
    .describe("Least weight of what is logged: debug, info, warn, error or silent"),
  MULTIMAIL_SMTP_CONNECTIONS: wholeNumber(1, 100)
    .default(10)
    .describe("Connections to the relay at once"),
  MULTIMAIL_DATABASE_TIMEOUT: seconds
    .default(30)
    .describe("Seconds a database statement may take before its request is refused"),
  MULTIMAIL_STOP_GRACE: seconds
    .default(30)
    .describe("Seconds that mail under way may take when the server stops"),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(?:ql)?:\/\//, "must be postgres://user:password@host:port/database")
    // The sessions' own options make them act as the role that owns nothing.
    .refine(
      (url) => !URL.parse(url)?.searchParams.has("options"),
      "must not have the parameter options",
    )
    .optional()
    .describe("A PostgreSQL of your own in place of the embedded one"),
};

/** Settings that belong to clients of a server, not to the server: known, and not ours to judge. */
const clientNames = new Set([
  "MULTIMAIL_API_URL",
  "MULTIMAIL_API_KEY",
  "MULTIMAIL_MAILBOX_ID",
  "MULTIMAIL_CONFIG",
  // Set by scripts/run.mjs, so that the server ends when its launcher is killed.
  "MULTIMAIL_PARENT",
]);

const schema = z.object(settings);

const allRoles = ["api", "smtp", "worker"] as const;

/** What a node can do: answer requests, run SMTP listeners, run workers. */
export type Role = (typeof allRoles)[number];

/** The settings, read and checked. */
export type Config = {
  data: string;
  host: string;
  port: number;
  public_url: string | null;
  domain: string;
  delivery: "capture" | "relay" | "direct";
  relay_url: string | null;
  smtp_host: string;
  /** Null, here and in the next two: the usual port, or any where that is taken. */
  smtp_port: number | null;
  submission_port: number | null;
  catcher_port: number | null;
  smtp_rate: number;
  smtp_name: string;
  /** Paths of PEM files; null: one that is made. */
  tls: { cert: string; key: string } | null;
  /** `ip` or `ip:port`; null: the system's. */
  dns: readonly string[] | null;
  dns_validates: boolean;
  direct_port: number;
  private_targets: boolean;
  private_webhooks: boolean;
  source_addresses: readonly string[];
  rspamd_url: string | null;
  tls_reports: boolean;
  arc_sealers: readonly string[];
  daily_quota: number;
  /** Rates are a minute, and 0 is none; null is any number. */
  limits: Record<"key_rate" | "operator_rate" | "public_rate", number> &
    Record<"monthly_messages" | "mailboxes" | "storage_bytes", number | null>;
  metrics_token: string | null;
  transcript_days: number;
  roles: ReadonlySet<Role>;
  catcher_keep: number;
  operator_name: string;
  postal_address: string;
  oversight_address: string;
  owner_name: string;
  sign_up: "open" | "closed";
  master_key: string | null;
  log_level: string;
  smtp_connections: number;
  /** Milliseconds. */
  database_timeout: number;
  /** Milliseconds. */
  stop_grace: number;
  database_url: string | null;
};

/** What `multimail settings` prints: name, default (null where there is none) and meaning of every setting. */
export function describeSettings(): { name: string; value: string | null; meaning: string }[] {
  return Object.entries(settings).map(([name, form]) => {
    const value = form.safeParse(undefined).data;
    return {
      name,
      value: value === undefined ? null : String(value),
      meaning: form.description ?? "",
    };
  });
}

/**
 * Reads settings from the environment and, beneath it, from a JSON file: MULTIMAIL_CONFIG, else
 * `multimail.config.json` in the working folder where it exists. Throws {@link ConfigError}.
 */
export function readConfig(env: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(
      ([name, value]) =>
        value !== undefined &&
        value !== "" &&
        !clientNames.has(name) &&
        (name.startsWith("MULTIMAIL_") || name === "DATABASE_URL"),
    ),
  );
  const file = readFile(env["MULTIMAIL_CONFIG"]);
  for (const [name, where] of [
    ...Object.keys(given).map((name) => [name, "in the environment"] as const),
    ...Object.keys(file).map((name) => [name, "in the configuration file"] as const),
  ])
    if (!(name in settings))
      throw new ConfigError(`${name} ${where} is not a setting${nearest(name)}.`);
  const parsed = schema.safeParse({ ...file, ...given });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`${String(issue?.path[0])}: ${issue?.message ?? "is not valid"}.`);
  }
  return settled(parsed.data);
}

function settled(values: z.output<typeof schema>): Config {
  if (values.MULTIMAIL_DELIVERY === "relay" && values.MULTIMAIL_RELAY_URL === undefined)
    throw new ConfigError("MULTIMAIL_RELAY_URL: is needed when MULTIMAIL_DELIVERY is relay.");
  return {
    data: resolve(values.MULTIMAIL_DATA),
    host: values.MULTIMAIL_HOST,
    port: values.MULTIMAIL_PORT,
    public_url: values.MULTIMAIL_PUBLIC_URL ?? null,
    domain: values.MULTIMAIL_DOMAIN,
    delivery: values.MULTIMAIL_DELIVERY,
    relay_url: values.MULTIMAIL_RELAY_URL ?? null,
    smtp_host: values.MULTIMAIL_SMTP_HOST ?? values.MULTIMAIL_HOST,
    smtp_port: values.MULTIMAIL_SMTP_PORT ?? null,
    submission_port: values.MULTIMAIL_SUBMISSION_PORT ?? null,
    catcher_port: values.MULTIMAIL_CATCHER_PORT ?? null,
    smtp_rate: values.MULTIMAIL_SMTP_RATE,
    smtp_name: values.MULTIMAIL_SMTP_NAME ?? values.MULTIMAIL_DOMAIN,
    tls: tlsOf(values),
    dns: values.MULTIMAIL_DNS?.split(",") ?? null,
    dns_validates: values.MULTIMAIL_DNS_VALIDATES === "yes",
    direct_port: values.MULTIMAIL_DIRECT_PORT,
    private_targets: values.MULTIMAIL_PRIVATE_TARGETS === "yes",
    private_webhooks: values.MULTIMAIL_PRIVATE_WEBHOOKS === "yes",
    source_addresses: values.MULTIMAIL_SOURCE_ADDRESSES?.split(",") ?? [],
    rspamd_url: values.MULTIMAIL_RSPAMD_URL ?? null,
    tls_reports: values.MULTIMAIL_TLS_REPORTS === "yes",
    arc_sealers: values.MULTIMAIL_ARC_SEALERS?.split(",") ?? [],
    daily_quota: values.MULTIMAIL_DAILY_QUOTA,
    limits: {
      key_rate: values.MULTIMAIL_KEY_RATE,
      operator_rate: values.MULTIMAIL_OPERATOR_RATE,
      public_rate: values.MULTIMAIL_PUBLIC_RATE,
      monthly_messages: values.MULTIMAIL_MONTHLY_QUOTA ?? null,
      mailboxes: values.MULTIMAIL_MAILBOX_QUOTA ?? null,
      storage_bytes: values.MULTIMAIL_STORAGE_QUOTA ?? null,
    },
    metrics_token: values.MULTIMAIL_METRICS_TOKEN ?? null,
    transcript_days: values.MULTIMAIL_TRANSCRIPT_DAYS,
    roles: new Set(
      allRoles.filter(
        (role) =>
          values.MULTIMAIL_ROLES === "all" || values.MULTIMAIL_ROLES.split(",").includes(role),
      ),
    ),
    catcher_keep: values.MULTIMAIL_CATCHER_KEEP,
    operator_name: values.MULTIMAIL_OPERATOR_NAME,
    postal_address: values.MULTIMAIL_POSTAL_ADDRESS,
    oversight_address: values.MULTIMAIL_OVERSIGHT_ADDRESS ?? `oversight@${values.MULTIMAIL_DOMAIN}`,
    owner_name: values.MULTIMAIL_OWNER_NAME,
    sign_up: values.MULTIMAIL_SIGNUP,
    master_key: values.MULTIMAIL_MASTER_KEY ?? null,
    log_level: values.MULTIMAIL_LOG_LEVEL,
    smtp_connections: values.MULTIMAIL_SMTP_CONNECTIONS,
    database_timeout: values.MULTIMAIL_DATABASE_TIMEOUT * 1000,
    stop_grace: values.MULTIMAIL_STOP_GRACE * 1000,
    database_url: values.DATABASE_URL ?? null,
  };
}

function tlsOf(values: z.output<typeof schema>): Config["tls"] {
  const { MULTIMAIL_TLS_CERT: cert, MULTIMAIL_TLS_KEY: key } = values;
  if ((cert === undefined) !== (key === undefined))
    throw new ConfigError(
      `${cert === undefined ? "MULTIMAIL_TLS_CERT" : "MULTIMAIL_TLS_KEY"}: is needed beside the other one.`,
    );
  return cert === undefined || key === undefined ? null : { cert, key };
}

function readFile(named: string | undefined): Record<string, unknown> {
  const path = named ?? "multimail.config.json";
  if (named === undefined && !existsSync(path)) return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new ConfigError(
      `The configuration file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new ConfigError(`The configuration file ${path} must be a JSON object of settings.`);
  return { ...value };
}

/** The known name that a misspelt one most likely means. */
function nearest(name: string): string {
  const scored = Object.keys(settings)
    .map((known) => ({ known, score: distance(name, known) }))
    .toSorted((a, b) => a.score - b.score);
  const [best] = scored;
  return best && best.score <= 4 ? `; did you mean ${best.known}?` : "";
}

/** Levenshtein distance: few and short names, once, on an error. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        ),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
