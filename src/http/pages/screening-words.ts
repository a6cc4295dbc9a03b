/** What screening and the outbound scan say, in the words a person reads. */
import type { Word } from "./words.ts";

/** What the outbound scan does with a finding. */
export type ScanAction = "mark" | "hold" | "block";

/** Actions as they stand beside a finding. */
export const scanActionWords: Readonly<Record<ScanAction, Word>> = {
  block: ["Forbidden to send", "bad"],
  hold: ["Needs a person", "warn"],
  mark: ["For information", "quiet"],
};

/** Actions as a person chooses them. */
export const scanChoices: Readonly<Record<ScanAction, string>> = {
  mark: "Only mark it",
  hold: "Hold for a person",
  block: "Never send",
};

/** Families of findings of the outbound scan, each with its name and what usually happens. A test holds it to the scan's own table. */
export const scanFamilyWords: Readonly<Record<string, readonly [name: string, usual: ScanAction]>> =
  {
    own_keys: ["Key of this instance", "block"],
    private_keys: ["Private key", "block"],
    secrets: ["Password or access token", "hold"],
    url_passwords: ["Password inside a link", "hold"],
    high_entropy: ["Something that looks like a secret", "hold"],
    cards: ["Payment card number", "hold"],
    bank_accounts: ["Bank account number", "mark"],
    national_ids: ["National identity number", "hold"],
    hidden_text: ["Invisible characters", "hold"],
    link_mismatch: ["Link that shows another address than it opens", "hold"],
    link_look_alike: ["Link to a look-alike domain", "hold"],
    link_userinfo: ["Link with a user name in it", "hold"],
    link_ip: ["Link to a bare IP address", "mark"],
    link_scheme: ["Link of an unusual kind", "hold"],
    link_punycode: ["Link with international characters", "mark"],
    attachment_disguised: ["Attachment under a false name", "block"],
    attachment_executable: ["Attached program", "hold"],
    attachment_macro: ["Attached document with macros", "hold"],
    attachment_active_markup: ["Attached web page or image with script", "mark"],
    attachment_archive_encrypted: ["Attached archive with a password", "hold"],
    attachment_archive_unreadable: ["Attached archive that cannot be read", "hold"],
    attachment_archive_other: ["Attached archive of another kind", "mark"],
    key_file: ["Attached key or password file", "hold"],
    unscanned: ["Part that could not be scanned", "hold"],
  };

/** Verdicts of screening on received mail. */
export const screeningWords: Readonly<Record<string, Word>> = {
  pass: ["Nothing suspect", "good"],
  review: ["Suspect: somebody should look", "warn"],
  spam: ["Spam", "bad"],
};

/** What SPF says, `*` standing for the domain (RFC 7208 section 2.6). */
export const spfWords: Readonly<Record<string, Word>> = {
  pass: ["The server may send for *", "good"],
  fail: ["The server may not send for *", "bad"],
  softfail: ["The server probably may not send for *", "warn"],
  neutral: ["* does not say which servers send for it", "warn"],
  none: ["* publishes no list of servers", "warn"],
  temperror: ["Could not be looked up at that time", "warn"],
  permerror: ["The record of * is broken", "warn"],
};

/** What DMARC says of the domain in From. */
export const dmarcWords: Readonly<Record<string, Word>> = {
  pass: ["Really from *", "good"],
  fail: ["Not proved to be from *", "bad"],
  none: ["* publishes no DMARC policy", "warn"],
  temperror: ["Could not be looked up at that time", "warn"],
  permerror: ["Not one clear sender, or a broken record", "bad"],
};

/** Why screening set a message aside, without the rule's name in the log. */
export function inboundReason(reason: string): string {
  return reason.replace(/^screening: [a-z_]{1,60}: /, "Screening: ");
}
