/** Settings of the wrong form are refused by name in one line; defaults are told as they are. */
import { expect, test } from "vitest";
import { ConfigError, describeSettings, readConfig } from "./config.ts";

const wrong: [string, string][] = [
  ["MULTIMAIL_SMTP_PORT", "smtp"],
  ["MULTIMAIL_SUBMISSION_PORT", "70000"],
  ["MULTIMAIL_CATCHER_PORT", "-1"],
  ["MULTIMAIL_DIRECT_PORT", "2.5"],
  ["MULTIMAIL_SMTP_RATE", "0"],
  ["MULTIMAIL_DAILY_QUOTA", "many"],
  ["MULTIMAIL_CATCHER_KEEP", "1e9"],
  ["MULTIMAIL_SMTP_CONNECTIONS", "101"],
  ["MULTIMAIL_STOP_GRACE", "601"],
  ["MULTIMAIL_SMTP_NAME", "Mail_Host"],
  ["MULTIMAIL_DNS", "resolver.example"],
  ["MULTIMAIL_DNS", "999.1.1"],
  ["MULTIMAIL_DNS", "127.0.0.1:99999"],
  ["MULTIMAIL_DNS", "::1"],
  ["MULTIMAIL_DNS_VALIDATES", "true"],
  ["MULTIMAIL_PRIVATE_TARGETS", "1"],
  ["MULTIMAIL_SOURCE_ADDRESSES", "..."],
  ["MULTIMAIL_SOURCE_ADDRESSES", "192.0.2.1,host"],
  ["MULTIMAIL_RSPAMD_URL", "127.0.0.1:11333"],
  ["MULTIMAIL_ROLES", "web"],
  ["MULTIMAIL_DELIVERY", "smtp"],
  ["MULTIMAIL_ARC_SEALERS", "lists.example.com,Lists.Example"],
  ["MULTIMAIL_ARC_SEALERS", "lists.example.com,"],
  ["MULTIMAIL_TRANSCRIPT_DAYS", "366"],
  ["MULTIMAIL_TLS_REPORTS", "off"],
  ["MULTIMAIL_OPERATOR_NAME", "=?utf-8?Q?Bank?="],
  ["MULTIMAIL_OPERATOR_NAME", "N".repeat(257)],
  ["MULTIMAIL_POSTAL_ADDRESS", "1 Street\u202e, City"],
];

test.each(wrong)("%s=%s is refused in one line that names it", (name, value) => {
  const read = () => readConfig({ [name]: value });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(new RegExp(`^${name}: must [^\\n]+\\.$`));
});

test("servers and addresses are taken in each form", () => {
  const dns = "192.0.2.1,127.0.0.1:5353,[::1],[2001:db8::1]:53";
  const config = readConfig({ MULTIMAIL_DNS: dns, MULTIMAIL_SOURCE_ADDRESSES: "192.0.2.7,::1" });
  expect(config.dns).toEqual(dns.split(","));
  expect(config.source_addresses).toEqual(["192.0.2.7", "::1"]);
});

test("every setting is told with a meaning and the default that is used", () => {
  const told = new Map(describeSettings().map((one) => [one.name, one]));
  for (const { meaning } of told.values()) expect(meaning).not.toBe("");
  const shown = (name: string): string | null | undefined => told.get(name)?.value;
  expect(shown("MULTIMAIL_PORT")).toBe(String(readConfig({}).port));
  expect(shown("MULTIMAIL_MASTER_KEY")).toBe(null);
});
