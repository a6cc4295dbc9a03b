/** How foreign mail is read in this process: a thread for parsing, a resolver for authentication, and a second opinion. */
import { getServers } from "node:dns";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import type { MailReading } from "./engine/mail-reading.ts";
import { authenticateMessage } from "./mail/authenticate.ts";
import { asMailauthResolver } from "./mail/dns-adapters.ts";
import type { DnsResolver } from "./mail/dns-record.ts";
import { openResolver } from "./mail/dns-resolver.ts";
import { openParser } from "./mail/parse-isolated.ts";
import type { Resolver } from "./mail/verify.ts";

/** Reading, the resolver that it shares with delivery, one that keeps no answers, and how all end. */
export type Reading = {
  mail: MailReading;
  resolver: DnsResolver;
  /** For checks of domains: whoever mended a record wants to see it now. */
  live_resolver: DnsResolver;
  close(): Promise<void>;
};

/** Opens what is needed to read foreign mail; nothing runs before the first message. */
export function openReading(config: Config, now: () => Date, log: Logger): Reading {
  const dns = {
    servers: config.dns ?? systemServers(),
    trusted: config.dns_validates,
    timeout_ms: 2000,
    now,
  };
  const resolver = openResolver(dns);
  const live = openResolver({ ...dns, max_cached: 0, max_questions: 50 });
  const parser = openParser({
    onFailure: (reason) => log.warn({ reason }, "received mail could not be opened"),
  });
  const patient = patientLookUp(asMailauthResolver(resolver));
  const url = config.rspamd_url;
  const opinion =
    url === null
      ? null
      : import("./screening/second-opinion.ts").then(({ openSecondOpinion }) =>
          openSecondOpinion({ url, timeout_ms: 10_000, fetch }),
        );
  return {
    resolver,
    live_resolver: live,
    mail: {
      server_name: config.smtp_name,
      parse: (raw) => parser.parse(raw),
      authenticate: (raw, session) =>
        authenticateMessage(raw, { ...session, mta: config.smtp_name }, patient.lookUp, {
          time_ms: patient.time_ms(),
          now: now(),
          trusted_sealers: config.arc_sealers,
        }),
      async opinion(raw, session) {
        if (opinion === null) return null;
        try {
          return await (
            await opinion
          )(raw, session);
        } catch (error) {
          return error instanceof Error ? error : new Error(String(error));
        }
      },
    },
    async close() {
      await parser.close();
      resolver.close();
      live.close();
    },
  };
}

/** Questions in a row that nobody answered after which DNS counts as gone. */
const silence = 16;

/**
 * Look-ups, and how many milliseconds a message may wait for its own: 8 seconds, and half a second while DNS is gone, so that
 * mail does not pile up behind it. Questions given up go on by themselves, so the first answer ends the hurry.
 */
function patientLookUp(lookUp: Resolver): { lookUp: Resolver; time_ms(): number } {
  let unanswered = 0;
  return {
    async lookUp(name, type) {
      try {
        const found = await lookUp(name, type);
        unanswered = 0;
        return found;
      } catch (error) {
        const gone = error instanceof Error && "code" in error && error.code === "ETIMEOUT";
        unanswered = gone ? unanswered + 1 : 0;
        throw error;
      }
    },
    time_ms: () => (unanswered >= silence ? 500 : 8000),
  };
}

function systemServers(): string[] {
  const servers = getServers();
  // Without any, every question is answered by nobody, as on a host that is offline.
  return servers.length > 0 ? servers : ["127.0.0.1"];
}
