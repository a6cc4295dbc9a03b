/** Posts to the webhooks of people's chats: https only, public addresses only, no redirects, bounded in time and size. */
import { isIP } from "node:net";
import type { LookupFunction } from "node:net";
import type { DnsResolver } from "../mail/dns-record.ts";
import { isPublicAddress, resolveHost } from "../mail/route.ts";
import type { ChatPost } from "./service-mail.ts";

/** What posting needs. */
export type ChatPostOptions = {
  resolver: DnsResolver;
  /** An integer from 0 below the limit. */
  random: (below: number) => number;
  /** True lets webhooks stand on loopback and private addresses. */
  allow_private: boolean;
  /** Trusted roots in place of the system's, PEM. */
  ca?: string;
  /** Milliseconds for all of it; default 10,000. */
  timeout_ms?: number;
  /** Default `application/json`. */
  content_type?: string;
};

/** Bytes of an answer that are read; nothing is done with them. */
const maxAnswer = 16_384;

class Refused extends Error {}

/**
 * A function that posts JSON. The address is looked up and judged as the connection is made, so that no name leads to one place
 * when it is checked and to another when it is called. 2xx is success; other answers than 408, 425, 429 and 5xx are final.
 */
export function openChatPost(options: ChatPostOptions): ChatPost {
  const lookup = guardedLookup(options);
  return async (url, body) => {
    // Loaded here: most instances have no chat.
    const { Agent, request } = await import("undici");
    let agent: InstanceType<typeof Agent> | null = null;
    try {
      const { protocol, hostname } = new URL(url);
      if (protocol !== "https:") throw new Refused("only https is posted to");
      const host = hostname.replaceAll(/[[\]]/g, "");
      // A literal is connected to without any look-up.
      if (isIP(host) !== 0 && !options.allow_private && !isPublicAddress(host))
        throw new Refused(`${host} is not a public address`);
      agent = new Agent({
        connect: { lookup, ...(options.ca === undefined ? {} : { ca: options.ca }) },
        maxResponseSize: maxAnswer,
        pipelining: 0,
      });
      const { statusCode, body: answer } = await request(url, {
        method: "POST",
        headers: {
          "content-type": options.content_type ?? "application/json",
          "user-agent": "MultiMail",
        },
        body,
        dispatcher: agent,
        signal: AbortSignal.timeout(options.timeout_ms ?? 10_000),
      });
      answer.on("error", () => undefined).destroy();
      return { outcome: outcomeOf(statusCode), reply: `status ${statusCode}` };
    } catch (error) {
      const refused = refusalIn(error);
      if (refused) return { outcome: "permanent", reply: refused.message };
      // Without the URL: it is the secret by which the chat lets us in.
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      return { outcome: "temporary", reply: code || "no answer" };
    } finally {
      await agent?.destroy();
    }
  };
}

function guardedLookup(options: ChatPostOptions): LookupFunction {
  return (hostname, how, callback) => {
    void resolveHost(hostname, options).then((host) => {
      if (host.status === "private")
        return callback(new Refused(`${hostname} has only addresses that are not public`), "");
      if (host.status !== "ok") return callback(new Error(`${hostname} has no address`), "");
      const all = host.addresses.map((address) => ({ address, family: isIP(address) }));
      if (how.all === true) return callback(null, all);
      return callback(null, all[0]?.address ?? "", all[0]?.family);
    });
  };
}

function outcomeOf(status: number): "accepted" | "temporary" | "permanent" {
  if (status >= 200 && status < 300) return "accepted";
  return status >= 500 || [408, 425, 429].includes(status) ? "temporary" : "permanent";
}

function refusalIn(error: unknown): Refused | null {
  for (let one = error; one instanceof Error; one = one.cause)
    if (one instanceof Refused) return one;
  return null;
}
