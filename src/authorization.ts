/** The authorization server of a running instance: with the guarded agent that fetches clients' metadata. */
import type { AuthorizationServer } from "./contract/oauth.ts";
import type { EngineContext } from "./engine/context.ts";
import { createAuthorizationServer } from "./engine/oauth.ts";
import { OAuthError } from "./oauth/oauth-error.ts";
import type { DnsResolver } from "./mail/dns-record.ts";
import type { availability } from "./availability.ts";
import { openGuardedAgent } from "./web/guarded-agent.ts";

/** Bytes of a metadata document, and milliseconds that it may take. */
const maxDocument = 16 * 1024;
const patience = 5000;

/** Binds it; `close` ends fetches under way. */
export function openAuthorization(options: {
  context: EngineContext;
  resolver: DnsResolver;
  allow_private: boolean;
  guard: ReturnType<typeof availability>;
  /** Trusted roots in place of the system's, PEM. */
  ca?: string;
}): { server: AuthorizationServer; close(): Promise<void> } {
  const { context, resolver, allow_private, guard, ca } = options;
  const agent = openGuardedAgent({
    resolver,
    allow_private,
    allow_http: false,
    ...(ca === undefined ? {} : { ca }),
  });
  const server = createAuthorizationServer(context, async (url) => {
    const answer = await agent.call(url, {
      method: "GET",
      headers: { accept: "application/json", "user-agent": "MultiMail" },
      timeout_ms: patience,
      max_answer: maxDocument,
    });
    if (answer.kind !== "answered" || answer.status !== 200 || answer.cut) return null;
    const type = answer.headers["content-type"]?.split(";")[0]?.trim().toLowerCase() ?? "";
    if (!/^application\/(?:[\w.-]+\+)?json$/.test(type))
      throw new OAuthError("invalid_client", "The client's metadata document is no JSON", 401);
    return answer.body.toString("utf8");
  });
  return {
    server: {
      register: guard.of(server.register),
      client: guard.of(server.client),
      consent: guard.of(server.consent),
      redeemCode: guard.of(server.redeemCode),
      refresh: guard.of(server.refresh),
      revoke: guard.of(server.revoke),
    },
    close: agent.close,
  };
}
