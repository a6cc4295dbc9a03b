/** Reading of foreign mail as the engine is given it, and what is known of the conversation in which mail came. */
import type { Authentication } from "../mail/authenticate.ts";
import type { ParsedMail } from "../mail/parsed-mail.ts";

/** What is known of the conversation in which mail came. */
export type InboundSession = {
  remote_address: string;
  helo: string;
  tls: { version: string; cipher: string } | null;
  smtputf8: boolean;
};

/** How foreign mail is read: bounded in time and memory, and answering whatever the mail is. */
export type MailReading = {
  /** Our name in trace fields and as authserv-id (RFC 8601 section 2.5). */
  server_name: string;
  parse(raw: Buffer): Promise<ParsedMail>;
  authenticate(
    raw: Buffer,
    session: { remote_address: string; helo: string; from: string },
  ): Promise<Authentication>;
  /** What another scanner says of it; null where none is configured, an Error where it did not answer. */
  opinion(
    raw: Buffer,
    session: { remote_address: string; helo: string; from: string; to: readonly string[] },
  ): Promise<SecondOpinion | Error | null>;
};

/** Another scanner's word, as rspamd gives it. */
export type SecondOpinion = {
  score: number;
  required: number;
  action: string;
  symbols: { name: string; score: number; description: string }[];
};
