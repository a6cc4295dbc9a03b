/** SMTP envelope checks (RFC 5321): addresses that cannot break a command, and nothing is ever re-parsed. */

/** Something that must never reach the wire; thrown before any socket is touched. */
export class SmtpInputError extends Error {
  override readonly name = "SmtpInputError";
  readonly code: "bad_address" | "bad_recipients" | "bad_content" | "bad_option";

  constructor(code: SmtpInputError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets, its angle brackets included. */
const MAX_ADDRESS = 254;
/** RFC 5321 §4.5.3.1.8 promises 100; more than this in one transaction is a caller's mistake. */
const MAX_RECIPIENTS = 1000;

/** Printable ASCII without space, `<` and `>`: nothing in it can end the path or the command. */
const PATH_SAFE = /^[!-;=?-~]+$/;

/**
 * Refuses an envelope address that could be read as anything but itself. The grammar is the caller's business; this is the
 * last look before the wire, and what passes is written exactly as given.
 * @throws SmtpInputError `bad_address`
 */
export function assertPathSafe(address: string): void {
  if (address.length > MAX_ADDRESS)
    throw new SmtpInputError("bad_address", `envelope address longer than ${MAX_ADDRESS} octets`);
  if (!PATH_SAFE.test(address)) {
    throw new SmtpInputError(
      "bad_address",
      `envelope address empty or with a forbidden character: ${JSON.stringify(address)}`,
    );
  }
}

/**
 * Refuses an envelope that must not be sent: no or too many recipients, an unsafe address. `from` may be the null sender ''.
 * @throws SmtpInputError `bad_address` or `bad_recipients`
 */
export function assertEnvelope(from: string, recipients: readonly string[]): void {
  if (from !== "") assertPathSafe(from);
  if (recipients.length === 0) throw new SmtpInputError("bad_recipients", "no recipients");
  if (recipients.length > MAX_RECIPIENTS)
    throw new SmtpInputError("bad_recipients", `more than ${MAX_RECIPIENTS} recipients`);
  for (const recipient of recipients) assertPathSafe(recipient);
}
