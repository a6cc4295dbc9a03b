/** MTA-STS (RFC 8461): which policy a domain publishes, kept by id for its time, across restarts too. */
import type { DnsResolver } from "./dns-record.ts";

export type StsMode = "enforce" | "testing" | "none";

export interface StsPolicy {
  readonly mode: StsMode;
  /** Patterns for host names: a name, or `*.` and a name for exactly one label more. Lower case. */
  readonly mx: readonly string[];
  /** Seconds. */
  readonly max_age: number;
}

/** A policy as it is kept. */
export interface StsEntry extends StsPolicy {
  /** The `id` of the TXT record it was fetched for. */
  readonly id: string;
  /** ISO 8601 in UTC. */
  readonly fetched_at: string;
}

/** Where policies outlive a restart. Entries may be dropped once `fetched_at` + `max_age` is past. */
export interface StsStore {
  get(domain: string): Promise<StsEntry | null>;
  put(domain: string, entry: StsEntry): Promise<void>;
}

/** Fetches `https://mta-sts.<domain>/.well-known/mta-sts.txt`. Rejects unless it came as RFC 8461 §3.3 demands. */
export type PolicyFetcher = (domain: string) => Promise<string>;

/** As RFC 8460 §4.3 names them. */
export type StsFailure = "sts-policy-fetch-error" | "sts-policy-invalid";

export interface StsLookup {
  /** Null where there is none to apply, also when it expired or could not be had. Mode `none` is given as null. */
  readonly policy: StsPolicy | null;
  /** Set when a policy is announced that could not be had. */
  readonly failure: StsFailure | null;
}

export interface StsOptions {
  readonly resolver: DnsResolver;
  readonly fetch_policy: PolicyFetcher;
  readonly store: StsStore;
  readonly now: () => Date;
}

export interface StsPolicies {
  /** The policy for a domain (the recipient's, in A-labels). @throws whatever the store throws */
  policyFor(domain: string): Promise<StsLookup>;
}

const MAX_AGE = 31_557_600;
const MAX_PATTERNS = 100;
const MAX_POLICY = 65_536;
/** RFC 8461 §10.2: looked at again once a day, however long it may be kept. */
const REFRESH_MS = 86_400_000;
/** RFC 8461 §3.3: a failed fetch is not repeated at once. */
const FAILED_MS = 5 * 60_000;
const MAX_REMEMBERED = 5000;

const PATTERN =
  /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** The `id` in the TXT records of `_mta-sts.<domain>`; null unless exactly one of them is a record of STSv1 with an id. */
export function readPolicyId(records: readonly (readonly string[])[]): string | null {
  const texts = records
    .map((parts) => parts.join(""))
    .filter((text) => /^v=STSv1[ \t]*;/.test(text));
  const [text, ...more] = texts;
  if (text === undefined || more.length > 0 || text.length > 1024) return null;
  for (const field of text.split(";").slice(1)) {
    const match = /^id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})$/.exec(field.trim());
    if (match) return match[1]!;
  }
  return null;
}

/** Reads a policy (RFC 8461 §3.2); null for one that is malformed. Of fields that come twice, other than mx, the first counts. */
export function parsePolicy(text: string): StsPolicy | null {
  if (text.length > MAX_POLICY) return null;
  const fields = new Map<string, string>();
  const mx: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    if (colon < 1 || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/.test(name)) return null;
    const value = line.slice(colon + 1).trim();
    if (name === "mx") mx.push(value.toLowerCase());
    else if (!fields.has(name)) fields.set(name, value);
  }
  const mode = fields.get("mode");
  const age = fields.get("max_age") ?? "";
  if (fields.get("version") !== "STSv1" || !/^\d{1,10}$/.test(age)) return null;
  if (mode !== "enforce" && mode !== "testing" && mode !== "none") return null;
  if (mx.length > MAX_PATTERNS || !mx.every((one) => one.length <= 253 && PATTERN.test(one)))
    return null;
  if (mode !== "none" && mx.length === 0) return null;
  // Larger values are cut, not refused: some receivers wrote them before there was a bound.
  return { mode, mx, max_age: Math.min(Number(age), MAX_AGE) };
}

/** Whether the policy allows this host as an MX (RFC 8461 §4.1). */
export function matchesMx(policy: StsPolicy, host: string): boolean {
  const name = host.toLowerCase();
  const parent = name.slice(name.indexOf(".") + 1);
  return policy.mx.some((pattern) =>
    pattern.startsWith("*.") ? name.includes(".") && parent === pattern.slice(2) : name === pattern,
  );
}

/** Opens the cache of policies; nothing is fetched before it is asked for. */
export function openStsPolicies(options: StsOptions): StsPolicies {
  return new Policies(options);
}

class Policies implements StsPolicies {
  readonly #options: StsOptions;
  readonly #entries = new Map<string, StsEntry>();
  readonly #fetching = new Map<string, Promise<StsEntry | StsFailure>>();
  /** By domain and id. */
  readonly #failed = new Map<string, { readonly at: number; readonly failure: StsFailure }>();

  constructor(options: StsOptions) {
    this.#options = options;
  }

  async policyFor(domain: string): Promise<StsLookup> {
    const { resolver } = this.#options;
    const [kept, txt] = await Promise.all([
      this.#kept(domain),
      resolver.resolve(`_mta-sts.${domain}`, "TXT"),
    ]);
    // RFC 8461 §3.3: a policy that is kept counts until it expires, even if DNS or HTTPS cannot confirm it.
    const id = readPolicyId(txt.records);
    if (id === null) return found(kept, null);
    if (kept !== null && kept.id === id) {
      const age = this.#now() - Date.parse(kept.fetched_at);
      if (age > Math.min(REFRESH_MS, (kept.max_age * 1000) / 2)) void this.#fetch(domain, id);
      return found(kept, null);
    }
    const fetched = await this.#fetch(domain, id);
    return typeof fetched === "string" ? found(kept, fetched) : found(fetched, null);
  }

  #now(): number {
    return this.#options.now().getTime();
  }

  async #kept(domain: string): Promise<StsEntry | null> {
    let entry = this.#entries.get(domain) ?? null;
    if (entry === null) {
      entry = await this.#options.store.get(domain);
      if (entry !== null) remember(this.#entries, domain, entry);
    }
    if (entry === null) return null;
    return Date.parse(entry.fetched_at) + entry.max_age * 1000 > this.#now() ? entry : null;
  }

  /** Never rejects. */
  #fetch(domain: string, id: string): Promise<StsEntry | StsFailure> {
    const failed = this.#failed.get(`${domain} ${id}`);
    if (failed !== undefined && this.#now() - failed.at < FAILED_MS)
      return Promise.resolve(failed.failure);
    let fetching = this.#fetching.get(domain);
    if (fetching === undefined) {
      fetching = this.#fetchNow(domain, id).finally(() => this.#fetching.delete(domain));
      this.#fetching.set(domain, fetching);
    }
    return fetching;
  }

  async #fetchNow(domain: string, id: string): Promise<StsEntry | StsFailure> {
    let failure: StsFailure = "sts-policy-fetch-error";
    try {
      const policy = parsePolicy(await this.#options.fetch_policy(domain));
      if (policy !== null) {
        const entry = { ...policy, id, fetched_at: this.#options.now().toISOString() };
        remember(this.#entries, domain, entry);
        // Without its place on disk it still holds until a restart.
        await this.#options.store.put(domain, entry).catch(() => undefined);
        return entry;
      }
      failure = "sts-policy-invalid";
    } catch {
      // The reason is the failure's name; what a foreign server says is not for logs.
    }
    remember(this.#failed, `${domain} ${id}`, { at: this.#now(), failure });
    return failure;
  }
}

function found(entry: StsEntry | null, failure: StsFailure | null): StsLookup {
  return { policy: entry === null || entry.mode === "none" ? null : entry, failure };
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_REMEMBERED) map.delete(map.keys().next().value!);
}
