/** Reading of foreign mail for engines that tests put together themselves: the real one, with no DNS to ask. */
import { pino } from "pino";
import { readConfig } from "../../src/config.ts";
import type { MailReading } from "../../src/engine/mail-reading.ts";
import { openReading } from "../../src/mail-reading.ts";

/** Reads mail; nothing of it is started before the first message. */
export function readingWithoutDns(now: () => Date): MailReading {
  const config = readConfig({ MULTIMAIL_DNS: "127.0.0.1:1" });
  return openReading(config, now, pino({ level: "silent" })).mail;
}
