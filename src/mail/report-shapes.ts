/** Bounces without a machine-readable part: the prose of qmail, Exim, Postfix, sendmail, Gmail, Yahoo, Zoho, Notes and others. */
import {
  MAX_RECIPIENTS,
  bounceRecipient,
  messageIdIn,
  readableAddress,
  replyIn,
} from "./report-dsn.ts";
import type { BounceRecipient } from "./report-dsn.ts";

const BOUNCE_SUBJECT =
  /^\s*(?:\[?(?:undeliver(?:able|ed)|undelivery)\b|(?:mail |message |e-?mail )?delivery (?:fail(?:ed|ure)|status notification|has failed|incomplete|problem|report|notification|delayed|error)|failure notice|mail (?:delivery )?(?:failed|failure|system error)|mail could not be delivered|message (?:delivery|delayed|not delivered|you sent blocked)|returned mail|warning: (?:message|could not send)|non[- ]?deliver(?:y|able)|mail returned|delayed mail|mail undeliverable|delivery to .{1,80} failed|(?:unzustellbar|unzustellbarkeit|nicht zugestellt|mail delivery failed|zustellung fehlgeschlagen|zustellung verzögert)\b|non remis|échec de (?:la )?remise|échec (?:de )?(?:la )?distribution|no se puede entregar|no entregado|error de entrega|entrega fallida|não (?:é possível )?entreg|falha na entrega|non recapitabile|impossibile recapitare|mancata consegna|onbestelbaar|niet bezorgd|kan inte levereras|olevererbart|ikke leveret|ikke levert|kan ikke leveres|ei voitu toimittaa|nie można dostarczyć|niedostarczon|nedoručiteln|недоставлен|не удалось доставить|недоставлено|не доставлено|teslim edilemedi|iletilemedi|配信不能|配信エラー|送信できません|退信|系统退信|无法投递|投递失败|배달되지|전송 실패|تعذر التسليم|לא ניתן למסירה)/i;
const BOUNCE_TEXT =
  /\bhi\. this is the \S{1,60}(?: program| )|this message was created automatically by (?:the )?mail delivery|this is the (?:mail system|mail delivery system|postfix program|machine generated) ?(?:at|program)?|(?:could not|couldn'?t|cannot|can'?t|was not|wasn'?t|unable to|were unable to|failed to|has not (?:yet )?been) (?:be )?(?:deliver|sent|reach)|the following addresses had (?:permanent|transient|delivery)|delivery to the following recipients? (?:failed|has been delayed)|following recipients? (?:could not|cannot) be reached|your message (?:did not reach|wasn'?t delivered|has been delayed)|(?:address|recipient)s? (?:rejected|failed)|an error occurred while trying to deliver|not listed in (?:domino|public name)|无法(?:投递|送达)|konnte nicht zugestellt|n'a pas pu être (?:remis|distribu|livr)|no se (?:pudo|ha podido) entregar|не (?:удалось доставить|может быть доставлено|было доставлено)/i;
const DELAY =
  /\bdelay(?:ed)?\b|warning: (?:message|could not send)|(?:not yet been|still being) (?:delivered|retried|attempted)|will (?:continue|keep) (?:trying|to try)|delivery incomplete|warning message only|no action is required|transient non-fatal|verzögert|retardé|retrasado|задерж|延迟/i;
const GAVE_UP =
  /\b(?:permanent(?:ly)?|gave up|giving up|has been failed|delivery failed|fatal errors)\b|given up/i;

/** From here on the report shows our own message, whose addresses are not reported on. */
const RETURNED =
  /^[ \t]{0,3}[-_=*#]{2,}[ \t]{0,3}(?:below this line|this is a copy|original message|begin(?:ning)? of|included is a copy|message headers?|message header follows|the (?:header|body) of|undelivered message|start of returned|forwarded message|ursprüngliche|message d'origine|return(?:ed)? message|transcript of session)|^(?:original message headers|reporting-mta:|the header of the original message)|^received: from |^return-path:/im;

const ADDRESS_LINE =
  /^[ \t>*-]{0,12}(?:to:|recipient:|for|rcpt to:|user|address:|email:)?[ \t]{0,4}["'(]?<?(?:mailto:|smtp:)?([^\s<>"'(),:;[\]（）：，。；、“”《》「」]{1,256}@[a-z0-9\u00a1-\u2fff\u3040-\ufeff.-]{1,253})/i;
const ADDRESS_INSIDE =
  /<([^\s<>"'(),:;[\]（）：，。；、“”《》「」]{1,256}@[a-z0-9\u00a1-\u2fff\u3040-\ufeff.-]{1,253})>|[("']([^\s<>"'(),:;[\]（）：，。；、“”《》「」]{1,256}@[a-z0-9\u00a1-\u2fff\u3040-\ufeff.-]{1,253})[)"']/i;

const MAX_TEXT = 65_536;

/** True where subject or text speak as mail servers do. Only for mail that a server sent: people write such words too. */
export function looksLikeBounce(subject: string, text: string): boolean {
  return BOUNCE_SUBJECT.test(subject.slice(0, 300)) || BOUNCE_TEXT.test(text.slice(0, 2000));
}

/**
 * Reads a bounce in prose. Each line that begins with an address opens a recipient, and the lines up to the next one
 * are its diagnostic. `failed` are addresses that headers name (X-Failed-Recipients), `sender` is us and no recipient.
 * Always at least one recipient, with address null where the text names none. Never throws.
 */
export function prosaicBounce(
  subject: string,
  text: string,
  failed: readonly string[],
  sender: string,
): { recipients: BounceRecipient[]; original_message_id: string | null } {
  const whole = text.slice(0, MAX_TEXT);
  const cut = RETURNED.exec(whole)?.index ?? -1;
  const report = cut > 0 ? whole.slice(0, cut) : whole;
  const transcript = cut > 0 && /transcript of session/i.test(whole.slice(cut, cut + 100));
  const spoken = transcript ? whole.slice(0, cut + 3000) : report;
  const delayed = DELAY.test(subject) || (DELAY.test(spoken) && !GAVE_UP.test(spoken));
  const found = sections(report, sender, failed);
  // A report on one recipient may give its reason anywhere; the reason of several must stand beside the address.
  const alone = found.length <= 1;
  const recipients = (found.length === 0 ? [{ address: null, lines: "" }] : found).map((one) => {
    const own = replyIn(one.lines);
    const where = own.code === null && own.enhanced === null && alone ? spoken : one.lines;
    const diagnostic = where.replace(/\s+/g, " ").trim().slice(0, 1000);
    const reply = replyIn(where);
    const said = bounceRecipient({
      address: one.address,
      action: delayed ? "delayed" : "failed",
      status: reply.enhanced,
      diagnostic: diagnostic === "" ? null : where.trim().slice(0, 2000),
      remote_host:
        /\b(?:host|server|mta)\b[^\n]{0,20}?[ :]([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8})/i.exec(
          where,
        )?.[1] ?? null,
    });
    return said;
  });
  const id = /^[ \t>]{0,8}message-id:[ \t\r\n]{0,8}(<[^<>\s]{1,900}>)/im.exec(whole)?.[1] ?? null;
  return { recipients, original_message_id: messageIdIn(id) };
}

interface Section {
  address: string | null;
  lines: string;
}

function sections(report: string, sender: string, failed: readonly string[]): Section[] {
  const found = new Map<string, Section>();
  let current: Section | null = null;
  let blanks = 0;
  for (const line of report.split("\n").slice(0, 2000)) {
    const address = addressOn(line);
    if (address !== null && address.toLowerCase() !== sender.toLowerCase()) {
      const key = address.toLowerCase();
      current = found.get(key) ?? { address, lines: "" };
      blanks = 0;
      if (found.size < MAX_RECIPIENTS) found.set(key, current);
      const rest = line
        .slice(line.indexOf(address) + address.length)
        .replace(/^[>"')]*[,:;]?\s*/, "");
      current.lines = `${current.lines}\n${rest}`.slice(0, 4000);
    } else if (current) {
      blanks = line.trim() === "" ? blanks + 1 : 0;
      if (blanks > 2) current = null;
      else current.lines = `${current.lines}\n${line.trim()}`.slice(0, 4000);
    }
  }
  // Headers name recipients better than prose: what they do not name was only mentioned.
  const named = failed.slice(0, MAX_RECIPIENTS).map((one) => one.toLowerCase());
  if (named.length === 0) return [...found.values()];
  return named.map((one) => found.get(one) ?? { address: one, lines: "" });
}

function addressOn(line: string): string | null {
  const found = ADDRESS_LINE.exec(line.slice(0, 1000))?.[1];
  if (found !== undefined) return readableAddress(found);
  if (
    line.length > 400 ||
    !/(?:deliver|recipient|user|reach|address|zustell|remis|entreg)/i.test(line)
  )
    return null;
  const inside = ADDRESS_INSIDE.exec(line);
  return inside ? readableAddress(inside[1] ?? inside[2] ?? "") : null;
}
