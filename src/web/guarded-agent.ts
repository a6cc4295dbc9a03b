/** The one way by which the service calls URLs that others chose: public addresses only, judged as the connection is made, no redirects. */
import { lookup as systemLookup } from "node:dns/promises";
import { type LookupFunction, isIP } from "node:net";
import type { buildConnector } from "undici";
import type { DnsResolver } from "../mail/dns-record.ts";
import { isPublicAddress } from "../mail/route.ts";
import { type TargetRules, targetFault } from "./target.ts";

/** What the agent works with. */
export type GuardedAgentOptions = TargetRules & {
  resolver: DnsResolver;
  /** Trusted roots in place of the system's, PEM. */
  ca?: string;
  /** Connections to one origin at most; 10. */
  connections?: number;
};

/** One call. */
export type GuardedRequest = {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: Buffer;
  /** Milliseconds for all of it. */
  timeout_ms: number;
  /** Bytes of the answer that are kept; what is beyond is not read. */
  max_answer: number;
};

/** What came of it. A redirect is an answer like any other: it is not followed. */
export type GuardedAnswer =
  | {
      kind: "answered";
      status: number;
      /** Names in lower case; of a repeated one all values, with commas. */
      headers: Record<string, string>;
      body: Buffer;
      /** True where the answer went on. */
      cut: boolean;
    }
  /** Where it may not call; trying again is no use. The reason does not hold the URL, which may be a secret. */
  | { kind: "refused"; reason: string }
  /** No connection, no answer in time, a broken one. `reason` is a code such as `ECONNREFUSED`. */
  | { kind: "failed"; reason: string };

/** The agent. */
export type GuardedAgent = {
  /** Never throws. */
  call(url: string, request: GuardedRequest): Promise<GuardedAnswer>;
  /** Breaks off what is under way. */
  close(): Promise<void>;
};

class Refused extends Error {}

/** Addresses of one name that are looked at. */
const maxAddresses = 20;

/**
 * Opens the agent; connections are kept for a few seconds. Each address of a name must be public, or the name is refused: one that
 * leads here and there leads where it wants. The address that was really connected to is looked at once more.
 */
export function openGuardedAgent(options: GuardedAgentOptions): GuardedAgent {
  const closing = new AbortController();
  let opened: Promise<Opened> | null = null;
  return {
    async call(url, { method, headers, body, timeout_ms, max_answer }) {
      const fault = targetFault(url, options);
      if (fault !== null) return { kind: "refused", reason: `the URL ${fault}` };
      try {
        // Loaded here: most instances call nobody.
        opened ??= open(options);
        const { agent, request } = await opened;
        const answer = await request(url, {
          method,
          headers,
          ...(body === undefined ? {} : { body }),
          dispatcher: agent,
          signal: AbortSignal.any([AbortSignal.timeout(timeout_ms), closing.signal]),
        });
        const kept = await readUpTo(answer.body, max_answer);
        return {
          kind: "answered",
          status: answer.statusCode,
          headers: flat(answer.headers),
          ...kept,
        };
      } catch (error) {
        const refused = refusalIn(error);
        return refused
          ? { kind: "refused", reason: refused.message }
          : { kind: "failed", reason: codeOf(error) };
      }
    },
    async close() {
      closing.abort();
      await (await opened)?.agent.destroy();
    },
  };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function open(options: GuardedAgentOptions) {
  const { Agent, buildConnector: makeConnector, request } = await import("undici");
  const plain = makeConnector({
    lookup: guardedLookup(options),
    timeout: 10_000,
    allowH2: false,
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });
  const connect: buildConnector.connector = (to, callback) => {
    // A literal is connected to without any look-up.
    const host = to.hostname.replaceAll(/[[\]]/g, "");
    if (isIP(host) !== 0 && !isAllowed(host, options))
      return callback(new Refused(`${host} is not a public address`), null);
    plain(to, (...[error, socket]) => {
      if (error !== null) return callback(error, null);
      const { remoteAddress } = socket;
      if (remoteAddress === undefined || isAllowed(remoteAddress, options))
        return callback(null, socket);
      socket.destroy();
      callback(new Refused(`${remoteAddress} is not a public address`), null);
    });
  };
  const agent = new Agent({
    connect,
    connections: options.connections ?? 10,
    keepAliveTimeout: 5000,
    keepAliveMaxTimeout: 30_000,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  return { agent, request };
}

function isAllowed(address: string, { allow_private }: Pick<TargetRules, "allow_private">) {
  return allow_private || isPublicAddress(address);
}

function guardedLookup(options: GuardedAgentOptions): LookupFunction {
  return (hostname, how, callback) => {
    const answer = async (): Promise<void> => {
      const addresses = await addressesOf(hostname, options);
      if (addresses.length === 0) throw coded(`${hostname} has no address`, "ENOTFOUND");
      const bad = addresses.find((address) => !isAllowed(address, options));
      if (bad !== undefined)
        throw new Refused(`${hostname} leads to ${bad}, which is not a public address`);
      const all = addresses.map((address) => ({ address, family: isIP(address) }));
      if (how.all === true) callback(null, all);
      else callback(null, all[0]?.address ?? "", all[0]?.family);
    };
    answer().catch((error: unknown) =>
      callback(error instanceof Error ? error : new Error(String(error)), ""),
    );
  };
}

/** All addresses of a name by DNS; on networks of one's own also those that only the system knows, such as of `localhost`. */
async function addressesOf(
  name: string,
  { resolver, allow_private }: GuardedAgentOptions,
): Promise<string[]> {
  const answers = await Promise.all([resolver.resolve(name, "A"), resolver.resolve(name, "AAAA")]);
  const found = answers.flatMap(({ records }) => records).filter((one) => isIP(one) > 0);
  if (found.length > 0) return found.slice(0, maxAddresses);
  if (answers.some(({ status }) => status === "servfail" || status === "timeout"))
    if (!allow_private) throw coded(`DNS does not answer for ${name}`, "EAI_AGAIN");
  if (!allow_private) return [];
  const known = await systemLookup(name, { all: true }).catch(() => []);
  return known.map(({ address }) => address).slice(0, maxAddresses);
}

function coded(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

async function readUpTo(
  body: AsyncIterable<Buffer> & { destroy(): unknown; on(event: "error", on: () => void): unknown },
  limit: number,
): Promise<{ body: Buffer; cut: boolean }> {
  // What is destroyed half way says so, to nobody.
  body.on("error", () => undefined);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) {
      body.destroy();
      break;
    }
  }
  return { body: Buffer.concat(chunks).subarray(0, limit), cut: length > limit };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}

function codeOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one.name === "TimeoutError") return "timeout";
    if ("code" in one && typeof one.code === "string") return one.code;
  }
  return "no answer";
}

function refusalIn(error: unknown): Refused | null {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof Refused) return one;
  return null;
}
