/** Reading of foreign mail for engines that tests put together themselves: the real one, with no DNS to ask. */
import { pino } from "pino";
import { readConfig } from "../../src/config.ts";
import type { EngineContext } from "../../src/engine/context.ts";
import type { MailReading } from "../../src/engine/mail-reading.ts";
import { openReading } from "../../src/mail-reading.ts";

/** Reads mail; nothing of it is started before the first message. */
export function readingWithoutDns(now: () => Date): MailReading {
  const config = readConfig({ MULTIMAIL_DNS: "127.0.0.1:1" });
  return openReading(config, now, pino({ level: "silent" })).mail;
}

/** What such an engine checks domains with: nobody answers. */
export function domainsWithoutDns(now: () => Date): EngineContext["domains"] {
  const config = readConfig({ MULTIMAIL_DNS: "127.0.0.1:1" });
  return {
    resolver: openReading(config, now, pino({ level: "silent" })).live_resolver,
    host: {
      smtp_name: config.smtp_name,
      web_host: "localhost",
      source_addresses: [],
      delivery: "capture",
    },
  };
}
