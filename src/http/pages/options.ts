/** What the pages are given: the dispatcher, sign-in, caught mail, and readers of raw messages. */
import type { Dispatcher } from "../../contract/dispatch.ts";
import type { AuthorizationServer } from "../../contract/oauth.ts";
import type { SignIn } from "../../contract/sign-in.ts";
import type { IdentityVerdict } from "../../mail/identity-verify.ts";
import type { Log } from "../reply.ts";

/** One message of the local mail catcher, without its bytes. `from` is the envelope sender, `""` the null sender. */
export type CaughtSummary = {
  id: string;
  from: string;
  to: readonly string[];
  /** ISO 8601 in UTC. */
  received_at: string;
  /** Octets. */
  size: number;
  subject?: string | undefined;
};

/** The local mail catcher as the pages see it. */
export type Caught = {
  /** Newest first; `before` is the id after which the page begins. */
  list(page: { limit: number; before?: string }): Promise<readonly CaughtSummary[]>;
  get(id: string): Promise<{ eml: Buffer; meta: CaughtSummary } | null>;
};

/** What was found out about the signatures of a message. `result` is DKIM's word (RFC 8601 section 2.7.1). */
export type Verification = {
  dkim: readonly {
    domain: string;
    selector: string;
    algorithm?: string | undefined;
    result: string;
    comment?: string | undefined;
  }[];
  /** `claims` are those of the identity header, given only when its signature is good. */
  identity: { verdict: IdentityVerdict; reason: string; claims?: object | undefined };
};

/** A message read for a person. `html_safe` is its HTML with everything active taken out, null where it has none. */
export type ReadMessage = {
  subject: string | null;
  text: string | null;
  html_safe: string | null;
  attachments: readonly { filename: string | null; content_type: string; size_bytes: number }[];
};

/** What the pages are made of. */
export type PagesOptions = {
  dispatcher: Dispatcher;
  sign_in: SignIn;
  /** Absent where programs cannot ask to be let in. */
  oauth?: AuthorizationServer;
  /** Null where mail really leaves. */
  caught: Caught | null;
  /** The operator that hosts the instance. Caught mail is everybody's, codes too: only its own people see it. */
  host_operator: string;
  /** True where strangers may open accounts. */
  sign_up_open: boolean;
  verify(eml: Buffer): Promise<Verification>;
  read_message(eml: Buffer): Promise<ReadMessage>;
  /**
   * The HTML of received mail with everything active taken out, null where it has none. Unlike {@link read_message} it opens the
   * message where no message can hold up other requests; throws for one that cannot be opened.
   */
  received_html(eml: Buffer): Promise<string | null>;
  /** Origin under which people reach us, without a slash at the end. */
  public_url: string;
  /** True where `public_url` is https: the cookie gets `Secure` and the `__Host-` prefix. */
  secure_cookies: boolean;
  new_request_id(): string;
  log: Log;
  /** Milliseconds since the epoch; for "2 hours ago". */
  now(): number;
};
