/** What the recording SMTP sink and its connections share: faults, options, and the book of what came in. */
import type { KeyAndCertificate } from "./self-signed.ts";

/** Where a fault strikes: on connecting, after a command line, at the first octets of content, after the final dot. */
export type SinkPoint =
  | "connect"
  | "ehlo"
  | "helo"
  | "starttls"
  | "auth"
  | "mail"
  | "rcpt"
  | "data"
  | "content"
  | "dot"
  | "rset"
  | "quit";

/**
 * What happens in place of the usual answer. `hang` never answers again on that connection. `reply` is written as it stands, and
 * the session goes on as after success if it starts with 2 or 3; with `then`, the connection ends behind it.
 */
export type SinkFault =
  | "tempfail"
  | "permfail"
  | "disconnect"
  | "hang"
  | { readonly reply: string; readonly then?: "disconnect" };

export interface SinkOptions {
  readonly host?: string;
  readonly port?: number;
  /** EHLO keywords; default PIPELINING, 8BITMIME, SIZE 104857600, ENHANCEDSTATUSCODES. STARTTLS and AUTH come by themselves. */
  readonly keywords?: readonly string[];
  readonly tls?: KeyAndCertificate;
  /** TLS from the first byte instead of STARTTLS. */
  readonly implicit_tls?: boolean;
  readonly auth?: {
    readonly user: string;
    readonly pass: string;
    readonly mechanisms?: readonly string[];
  };
  /** The reply line to a recipient; undefined accepts. */
  readonly answer_rcpt?: (address: string) => string | undefined;
  /** Milliseconds from what came in to the answer: a server that takes its time. Default none. */
  readonly answers_after?: number;
  /** False keeps counts only, for speed. */
  readonly record?: boolean;
}

export interface RecordedMessage {
  /** Number of the connection, from 1. */
  readonly connection: number;
  readonly secure: boolean;
  /** The MAIL command line without its CRLF. */
  readonly mail: string;
  /** What stood between the angle brackets. */
  readonly from: string;
  /** Accepted recipients, what stood between the angle brackets. */
  readonly to: readonly string[];
  /** Content as it came, dots doubled, without the line that ends it. */
  readonly wire: Buffer;
  /** Content with the doubled dots undone. */
  readonly data: Buffer;
}

export interface RecordedConnection {
  readonly number: number;
  readonly secure: boolean;
  /** Command lines without CRLF, octet by octet (latin1). */
  readonly commands: readonly string[];
  /** All octets received, after decryption where there was TLS; one entry per read. */
  readonly reads: readonly Buffer[];
  readonly closed: boolean;
}

export interface PlannedFault {
  readonly point: SinkPoint;
  readonly fault: SinkFault;
  skip: number;
  times: number;
}

/** State that the connections share with the sink; test code uses `SmtpSink` only. */
export interface SinkBook {
  readonly options: SinkOptions;
  readonly keywords: readonly string[];
  messages: RecordedMessage[];
  message_count: number;
  faultAt(point: SinkPoint): SinkFault | undefined;
  changed(): void;
}
