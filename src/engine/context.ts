/** What every engine function works with: database, clock, chance, keys, and how to wake the workers. */
import type { SendingHost } from "../core/domain-records.ts";
import type { DnsResolver } from "../mail/dns-record.ts";
import type { WebhookSchedule } from "../core/webhook-retry.ts";
import type { Database } from "../store/database.ts";
import type { TargetRules } from "../web/target.ts";
import type { MailReading } from "./mail-reading.ts";
import type { Keyring } from "./keyring.ts";
import type { Subjects } from "./subjects.ts";

/** Structured logging; never given message content. */
export type Log = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Limits of the instance. Null, and 0 for rates: none. */
export type Limits = {
  /** Requests a minute of one key. */
  key_rate: number;
  /** Requests a minute of all keys of an operator together. */
  operator_rate: number;
  /** Calls a minute without a credential from one address, and from one address with a wrong one; of each node. */
  public_rate: number;
  /** Live messages that an operator may submit in a month (UTC). */
  monthly_messages: number | null;
  /** Mailboxes of an operator. */
  mailboxes: number | null;
  /** Bytes of mail, sent and received, that an operator may keep. */
  storage_bytes: number | null;
};

/** No limits at all. */
export const unlimited: Limits = {
  key_rate: 0,
  operator_rate: 0,
  public_rate: 0,
  monthly_messages: null,
  mailboxes: null,
  storage_bytes: null,
};

/** Passed to everything in the engine. */
export type EngineContext = {
  database: Database;
  now(): Date;
  new_id(): string;
  random(length: number): Buffer;
  keyring: Keyring;
  subjects: Subjects;
  /** Origin under which the instance is reached, without a slash at the end. */
  public_url: string;
  /** Key of the tokens in unsubscribe links. */
  unsubscribe_key: Buffer;
  /** Key of the links by which a person decides without signing in. */
  link_key: Buffer;
  /** The instance's own mail domain: what the service itself writes from. */
  instance_domain: string;
  /** Key of the stored form of one-time codes. */
  code_key: Buffer;
  log: Log;
  /** Messages that a mailbox without a quota of its own may send in a day. */
  daily_quota: number;
  /** How much callers may ask of the instance. */
  limits: Limits;
  /** Key that seals the secrets of webhooks, where webhooks may stand, and when they are tried. */
  webhooks: { key: Buffer; targets: TargetRules; schedule: WebhookSchedule };
  /** What domains are checked with: DNS past any cache of ours, and what the instance is to the world. */
  domains: { resolver: DnsResolver; host: SendingHost };
  /** Reading of foreign mail. */
  mail: MailReading;
  /** Hints to workers that something became due; losing one costs a polling interval. */
  wake: {
    deliver(): void;
    timers(): void;
    sequence(): void;
    receive(): void;
    service_mail(): void;
  };
};
