/** Posts to the webhooks of people's chats, by the guarded agent: https only, public addresses only, bounded in time and size. */
import type { DnsResolver } from "../mail/dns-record.ts";
import { openGuardedAgent } from "../web/guarded-agent.ts";
import type { ChatPost } from "./service-mail.ts";

/** What posting needs. */
export type ChatPostOptions = {
  resolver: DnsResolver;
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

/**
 * A function that posts JSON. 2xx is success; other answers than 408, 425, 429 and 5xx are final. No connection outlives its post:
 * chats are seldom posted to.
 */
export function openChatPost(options: ChatPostOptions): ChatPost {
  const { content_type: contentType = "application/json", timeout_ms = 10_000 } = options;
  return async (url, body) => {
    const agent = openGuardedAgent({ ...options, allow_http: false });
    try {
      const answer = await agent.call(url, {
        method: "POST",
        headers: { "content-type": contentType, "user-agent": "MultiMail" },
        body,
        timeout_ms,
        max_answer: maxAnswer,
      });
      if (answer.kind === "answered")
        return { outcome: outcomeOf(answer.status), reply: `status ${answer.status}` };
      return {
        outcome: answer.kind === "refused" ? "permanent" : "temporary",
        reply: answer.reason,
      };
    } finally {
      await agent.close();
    }
  };
}

function outcomeOf(status: number): "accepted" | "temporary" | "permanent" {
  if (status >= 200 && status < 300) return "accepted";
  return status >= 500 || [408, 425, 429].includes(status) ? "temporary" : "permanent";
}
