/** One attempt to hand a message to a domain: its hosts and their addresses in turn, until one of them has answered for the message. */
import { isIP } from "node:net";

import { danePolicy } from "./dane.ts";
import type { DanePolicy } from "./dane.ts";
import type { Breakers } from "./destination-breaker.ts";
import { forbiddenReport, hostPolicy, inTheClear } from "./destination-policy.ts";
import type { TlsSession } from "./destination-policy.ts";
import type { DestinationPools } from "./destination-pools.ts";
import type { DnsResolver } from "./dns-record.ts";
import type { StsLookup } from "./mta-sts.ts";
import { resolveHost } from "./route.ts";
import type { HostAddresses, Route } from "./route.ts";
import type { OutgoingMessage } from "./smtp-client.ts";
import type { SessionOpened } from "./smtp-pool.ts";
import { joinTranscripts } from "./smtp-transcript.ts";
import { ownReply } from "./smtp-result.ts";
import type {
  ConnectionInfo,
  FailureReason,
  RecipientOutcome,
  SendResult,
  SmtpStage,
} from "./smtp-result.ts";

/** What attempts share. */
export interface AttemptTools {
  readonly resolver: DnsResolver;
  readonly random: (below: number) => number;
  readonly now: () => Date;
  readonly allow_private: boolean;
  /** Whether the resolver is known to validate by now. */
  readonly dane: () => Promise<boolean>;
  readonly port: number;
  readonly pools: DestinationPools;
  readonly breakers: Breakers;
  /** Addresses whose TLS handshake failed lately, and until when (milliseconds since 1970) they get mail in the clear. */
  readonly clear_until: Map<string, number>;
  readonly closed: () => boolean;
  readonly on_session: (session: TlsSession) => void;
  /** Milliseconds after which no further address is tried. */
  readonly attempt_ms: number;
}

/** Where a server of our own listens. */
export interface Endpoint {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

export interface AttemptEnd {
  readonly result: SendResult;
  /** No address could be reached, and no policy binds the mail to these hosts: another way may be taken. */
  readonly unreachable: boolean;
}

/** Why one address or host was passed over. */
interface Passed {
  readonly outcome: "temporary" | "permanent";
  readonly reason: FailureReason;
  readonly text: string;
}

const BEFORE_MAIL: ReadonlySet<SmtpStage> = new Set(["connect", "tls", "greeting", "ehlo", "auth"]);
const MAX_ADDRESSES = 20;
const MAX_NOTE = 1000;
const CLEAR_MS = 10 * 60_000;
const MAX_CLEAR = 5000;

/** Tries hosts in order; a class for the state of one attempt. */
export class Attempt {
  readonly #tools: AttemptTools;
  readonly #route: Route;
  readonly #sts: StsLookup;
  readonly #site: string;
  readonly #message: OutgoingMessage;
  readonly #door: Endpoint | null;
  readonly #on_open: (opened: SessionOpened) => void;
  readonly #notes: string[] = [];
  /** What was said to servers that did not get as far as the message. */
  #said = "";
  readonly #passed: Passed[] = [];
  /** The last answer of a server that did not get as far as the message. */
  #last: SendResult | null = null;
  #tried = 0;
  #bound = false;
  #reached = false;

  constructor(
    tools: AttemptTools,
    about: {
      route: Route;
      sts: StsLookup;
      site: string;
      message: OutgoingMessage;
      /** Where this process takes mail for the route's domain itself: dialled in place of what DNS says. */
      door: Endpoint | null;
    },
    on_open: (opened: SessionOpened) => void,
  ) {
    this.#tools = tools;
    this.#route = about.route;
    this.#sts = about.sts;
    this.#site = about.site;
    this.#message = about.message;
    this.#door = about.door;
    this.#on_open = on_open;
    this.#bound = about.sts.policy?.mode === "enforce";
  }

  async run(): Promise<AttemptEnd> {
    const end = this.#tools.now().getTime() + this.#tools.attempt_ms;
    const { hosts } = this.#route;
    // Behind all names of ours is the one door.
    for (const host of this.#door === null ? hosts : hosts.slice(0, 1)) {
      if (this.#tools.closed() || this.#tools.now().getTime() > end) break;
      const result = await this.#tryHost(host, end);
      if (result !== null) return { result: this.#withNote(result), unreachable: false };
    }
    const unreachable = !this.#bound && !this.#reached && !this.#tools.closed() && this.#dialled();
    return { result: this.#withNote(this.#last ?? this.#nothingTried()), unreachable };
  }

  /** Something was there to dial, were it only awake: not a matter of DNS or of our rules. */
  #dialled(): boolean {
    return this.#last !== null || this.#passed.some(({ reason }) => reason === "connect_failed");
  }

  /** The result that stands, or null if the next host is to be tried. */
  async #tryHost(host: string, end: number): Promise<SendResult | null> {
    const found = await hostAddresses(host, this.#route, this.#door, this.#tools);
    if (found.status !== "ok") {
      const texts = {
        none: `${host} has no address`,
        private: `${host} has only addresses that are not public`,
        failed: `DNS fails for the addresses of ${host}`,
      };
      const temporary = found.status === "failed";
      return this.#pass(texts[found.status], temporary ? "dns_failed" : "unroutable");
    }
    const dane = await hostDane(host, found, this.#route, this.#tools);
    const about = { domain: this.#route.domain, host, dane, sts: this.#sts, now: this.#tools.now };
    if (dane.kind !== "none") this.#bound = true;
    if (dane.kind === "defer") {
      this.#tools.on_session(forbiddenReport(about, "dnssec-invalid", dane.text));
      return this.#pass(dane.text, "dns_failed");
    }
    const policy = hostPolicy(about);
    if (typeof policy === "string") {
      this.#tools.on_session(forbiddenReport(about, "validation-failure", policy));
      return this.#pass(policy, "tls_failed");
    }
    for (const address of found.addresses) {
      if (this.#tools.closed() || this.#tools.now().getTime() > end) break;
      if (this.#tried >= MAX_ADDRESSES) break;
      const result = await this.#tryAddress({
        ...about,
        site: this.#site,
        address,
        port: this.#door?.port ?? this.#tools.port,
        own: this.#door !== null,
        policy,
        on_open: this.#on_open,
      });
      if (result !== null) return result;
    }
    return null;
  }

  async #tryAddress(target: Parameters<DestinationPools["send"]>[0]): Promise<SendResult | null> {
    const { breakers, clear_until } = this.#tools;
    const { host, address } = target;
    if (!breakers.allows(address))
      return this.#pass(`${host} [${address}] did not answer lately`, "connect_failed");
    this.#tried++;
    const optional = target.policy.tls === "opportunistic";
    const clear = (clear_until.get(address) ?? 0) > this.#tools.now().getTime();
    if (optional && clear) {
      this.#note(`${host} [${address}]: TLS failed lately, sent in the clear`);
      return await this.#send({ ...target, policy: inTheClear(target.policy) });
    }
    const result = await this.#send(target);
    const [first] = this.#last?.recipients ?? [];
    if (result !== null || !optional || first?.stage !== "tls" || this.#tools.closed())
      return result;
    // RFC 7435: unauthenticated TLS that fails is no better than none, and none is what the host would get if it did not offer it.
    this.#note("sent in the clear");
    clear_until.delete(address);
    clear_until.set(address, this.#tools.now().getTime() + CLEAR_MS);
    if (clear_until.size > MAX_CLEAR) clear_until.delete(clear_until.keys().next().value!);
    return await this.#send({ ...target, policy: inTheClear(target.policy) });
  }

  /** Null when the server did not get as far as the message, so that another may. */
  async #send(target: Parameters<DestinationPools["send"]>[0]): Promise<SendResult | null> {
    const { breakers, pools } = this.#tools;
    const result = await pools.send(target, this.#message);
    const [first] = result.recipients;
    const early = result.recipients.every(
      ({ stage, outcome }) => outcome === "temporary" && BEFORE_MAIL.has(stage),
    );
    if (
      first === undefined ||
      !early ||
      first.reason === "transport_closed" ||
      first.reason === "recalled" ||
      // Others are being spoken to there: the host is not silent, and a further one would be asked for no fault of its own.
      first.reason === "congested"
    ) {
      this.#reached = true;
      breakers.answered(target.address);
      return result;
    }
    const silent =
      first.stage === "connect" || (first.stage === "greeting" && first.reason !== null);
    if (silent) breakers.failed(target.address, this.#route.domain);
    else {
      this.#reached = true;
      breakers.answered(target.address);
    }
    const code = first.reply.code === 0 ? "" : `${first.reply.code} `;
    this.#note(`${target.host} [${target.address}]: ${code}${first.reply.text}`);
    this.#said = joinTranscripts(this.#said, result.connection.transcript);
    this.#last = result;
    return null;
  }

  #note(text: string): void {
    this.#notes.push(text.replaceAll("\n", " ").slice(0, 200));
  }

  #pass(text: string, reason: FailureReason): null {
    const outcome = reason === "unroutable" ? "permanent" : "temporary";
    this.#passed.push({ outcome, reason, text });
    this.#note(text);
    return null;
  }

  /** No server was spoken to. It is permanent only if no host can ever be. */
  #nothingTried(): SendResult {
    const { domain, hosts } = this.#route;
    const about = { host: hosts[0] ?? domain, port: this.#tools.port, now: this.#tools.now };
    const recipients = this.#message.recipients;
    if (this.#tools.closed())
      return undeliverable(recipients, about, {
        outcome: "temporary",
        reason: "transport_closed",
        text: "transport closed",
      });
    const soonest = this.#passed.find(({ outcome }) => outcome === "temporary");
    const why = soonest ?? this.#passed[0] ?? unknown;
    return undeliverable(recipients, about, why);
  }

  #withNote(result: SendResult): SendResult {
    const note = this.#notes.join("; ").slice(0, MAX_NOTE);
    const own = result === this.#last ? undefined : result.connection.transcript;
    const transcript = joinTranscripts(this.#said, own);
    return {
      ...result,
      connection: {
        ...result.connection,
        ...(note !== "" && { note }),
        ...(transcript !== "" && { transcript }),
      },
    };
  }
}

/** The addresses of one host of a route. Names of our own are not others' choice: they may lead into the private network between our nodes. */
export async function hostAddresses(
  host: string,
  route: Route,
  door: Endpoint | null,
  tools: Pick<AttemptTools, "resolver" | "random" | "allow_private">,
): Promise<HostAddresses> {
  if (door === null)
    return await resolveHost(host, {
      ...tools,
      allow_private: tools.allow_private || route.own,
    });
  return { status: "ok", addresses: [door.host], authenticated: false, canonical: host };
}

/** What DANE says of a host whose addresses were found. */
export async function hostDane(
  host: string,
  found: HostAddresses & { readonly status: "ok" },
  route: Route,
  { resolver, port, dane }: Pick<AttemptTools, "resolver" | "port" | "dane">,
): Promise<DanePolicy> {
  const authenticated = route.authenticated && found.authenticated;
  if (!authenticated || isIP(host) > 0 || !(await dane())) return { kind: "none" };
  return await danePolicy(resolver, {
    name: host,
    canonical: found.canonical,
    port,
    authenticated,
  });
}

const unknown: Passed = {
  outcome: "temporary",
  reason: "connect_failed",
  text: "no host was tried in time",
};

/** A result without a server: ours to explain. `enhanced` in place of the reason's usual code. */
export function undeliverable(
  recipients: readonly string[],
  about: { readonly host: string; readonly port: number; readonly now: () => Date },
  why: {
    readonly outcome: RecipientOutcome;
    readonly reason: FailureReason;
    readonly text: string;
    readonly enhanced?: string;
  },
): SendResult {
  const usual = ownReply(why.reason, why.text);
  const reply = { ...usual, enhanced: why.enhanced ?? usual.enhanced };
  const connection: ConnectionInfo = {
    host: about.host,
    address: null,
    port: about.port,
    tls: null,
    at: about.now().toISOString(),
  };
  const { outcome, reason } = why;
  return {
    recipients: recipients.map((address) => ({
      address,
      outcome,
      reply,
      stage: "connect",
      reason,
    })),
    connection,
  };
}
