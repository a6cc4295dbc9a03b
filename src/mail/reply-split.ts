/** Tells what the writer of a mail wrote now from what they quote and how they sign, line by line, losing nothing. */

export interface SplitReply {
  new_text: string;
  quoted_text: string;
  signature: string;
}

/** Code units that are split; a longer text is all new. */
export const MAX_SPLIT = 1_000_000;
const MAX_LINE = 400;
/** Lines over which an attribution may be wrapped. */
const MAX_WRAP = 4;
const MAX_SIGNATURE_LINES = 20;

type Kind = "new" | "quoted" | "signature";

const QUOTED = /^\s{0,20}>/;

// How attributions start and end, in the languages of common clients. Ends are matched alone, on one bounded line.
const ATTRIBUTION_START =
  /^(?:on|le|el|il|em|am|op|den|d\.|pe|ma|ti|ke|to|la|su|w dniu|dnia|dne|em|a|o|in data|no dia|pada|vào|на|в|у|пн|вт|ср|чт|пт|сб|вс|\d|在|于|於|"|<|[\p{L}.'-]{2,40}[ ,<(])/iu;
const ATTRIBUTION_END =
  /(?:wrote|writes|écrit|a écrit|escribió|escribio|ha scritto|scritto|escreveu|schrieb|schreef|skrev|kirjoitti|napisał|napisał\(a\)|napisała|pisze|napsal|napsal\(a\)|napsala|yazdı|написал|написала|написал\(а\)|пишет|пише|írta|a scris|έγραψε|כתב|כתבה|كتب|menulis|đã viết|写道|寫道|작성|のメッセージ|さんは書きました)\s?[:：]?\s?-*$/iu;
// German and Dutch put the name behind the verb.
const VERB_INSIDE = /\s(?:schrieb|schreef|skrev|har skrevet|escribió|écrit)\s.{1,200}:$/iu;
const ADDRESS_AND_COLON = /[<[(].{0,120}@.{1,120}[>\])]\s?[:：]$/;
// Proof that it is an attribution and no sentence: a year, a time of day, an address.
const EVIDENCE = /\b(?:19|20)\d\d\b|\d{1,2}[:.]\d\d|@|年/;

const SEPARATOR =
  /^\s{0,10}-{2,20}\s{0,3}(?:original message|original appointment|forwarded message|forwarded by .{1,100}|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|message d’origine|message original|message transféré|message initial|mensaje original|mensaje reenviado|mensagem original|mensagem encaminhada|messaggio originale|messaggio inoltrato|oorspronkelijk bericht|doorgestuurd bericht|oprindelig besked|oprindelig meddelelse|videresendt meddelelse|ursprungligt meddelande|vidarebefordrat meddelande|opprinnelig melding|alkuperäinen viesti|oryginalna wiadomość|wiadomość oryginalna|původní zpráva|pôvodná správa|eredeti üzenet|orijinal mesaj|исходное сообщение|пересылаемое сообщение|оригінальне повідомлення|mesaj original|αρχικό μήνυμα|邮件原件|原始邮件|原始郵件|转发邮件|元のメッセージ|원본 메시지|원본 메일|original-nachricht)\s{0,3}-{0,20}\s{0,3}$/iu;
const BEGIN_FORWARD =
  /^(?:begin forwarded message|début du message réexpédié|début du message transféré|anfang der weitergeleiteten nachricht|inicio del mensaje reenviado|inizio messaggio inoltrato|begin doorgestuurd bericht|início da mensagem reencaminhada|vidarebefordrat mejl|videresendt besked|转发的邮件|転送されたメッセージ)\s?[:：]$/iu;

// Labels of the header block that Outlook, Yahoo and others put over a quotation.
const FROM_LABEL =
  /^[*_\s]{0,4}(?:from|von|de|da|van|från|fra|lähettäjä|od|feladó|kimden|gönderen|от|від|από|de la|发件人|寄件者|寄件人|差出人|보낸 사람|보낸사람|מאת|من)\s?[:：]/iu;
const DATE_LABEL =
  /^[*_\s]{0,4}(?:sent|date|gesendet|datum|envoyé|envoyé le|enviado|enviado el|enviado em|fecha|data|inviato|verzonden|skickat|sendt|dato|lähetetty|päivämäärä|wysłano|wysłane|odesláno|odoslané|elküldve|dátum|gönderildi|tarih|отправлено|дата|надіслано|trimis|εστάλη|ημερομηνία|发送时间|日期|寄件日期|傳送時間|送信日時|日付|보낸 날짜|날짜|נשלח|תאריך)\s?[:：]/iu;
const TO_LABEL =
  /^[*_\s]{0,4}(?:to|an|à|a|para|per|aan|till|til|vastaanottaja|do|komu|címzett|kime|alıcı|кому|către|προς|收件人|收件者|宛先|받는 사람|받는사람|אל|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|aihe|temat|předmět|predmet|tárgy|konu|тема|subiect|θέμα|主题|主旨|件名|제목|נושא)\s?[:：]/iu;
const RULER = /^\s{0,4}_{10,80}\s{0,4}$/;

const MOBILE =
  /^(?:[*_]{0,2})(?:sent from (?:my|mail for|outlook|yahoo|the new|proton|samsung|gmail|a |an |aol).{0,80}|sent (?:via|using|with) .{1,60}|get outlook for .{1,80}|von meinem .{1,60} gesendet|gesendet von .{0,20}(?:iphone|ipad|mail|outlook|meinem|android|yahoo).{0,60}|gesendet mit .{1,60}|envoyé de(?:puis)? .{1,60}|envoyé à partir .{1,60}|télécharger outlook pour .{1,60}|enviado (?:desde|do|de|a partir) .{1,60}|obtener outlook para .{1,60}|inviato da(?:l)? .{1,60}|verzonden (?:vanaf|met|via) .{1,60}|verstuurd (?:vanaf|met) .{1,60}|skickat från .{1,60}|sendt fra .{1,60}|lähetetty .{1,60}|wysłane z .{1,60}|wysłano z .{1,60}|odesláno z .{1,60}|отправлено (?:с|из) .{1,60}|iphone'umdan gönderildi|发自我的.{0,40}|從我的.{0,40}傳送|iphoneから送信|나의 iphone에서 보냄)$/iu;
const SIGNATURE_MARK = /^--\s?$/;

function bounded(line: string | undefined): string {
  return (line ?? "").slice(0, MAX_LINE + 1);
}

/** How many lines, from `at` on, are one attribution such as "On … wrote:"; 0 where there is none. */
function attributionAt(lines: readonly string[], at: number): number {
  const first = bounded(lines[at]).trim();
  if (first === "" || !ATTRIBUTION_START.test(first)) return 0;
  let joined = "";
  for (let count = 1; count <= MAX_WRAP; count += 1) {
    const line = bounded(lines[at + count - 1]).trim();
    if (line === "" || QUOTED.test(line)) return 0;
    joined += count === 1 ? line : ` ${line}`;
    if (joined.length > MAX_LINE) return 0;
    const ends =
      ATTRIBUTION_END.test(joined) || VERB_INSIDE.test(joined) || ADDRESS_AND_COLON.test(joined);
    if (ends) return EVIDENCE.test(joined) || nextIsQuoted(lines, at + count) ? count : 0;
    // A sentence that ends is no attribution that goes on.
    if (/[.!?]$/.test(line) && count > 1) return 0;
  }
  return 0;
}

/** True where the next line with something on it is quoted, at most two empty lines on. */
function nextIsQuoted(lines: readonly string[], from: number): boolean {
  for (let i = from; i < Math.min(lines.length, from + 3); i += 1) {
    const line = bounded(lines[i]);
    if (line.trim() !== "") return QUOTED.test(line);
  }
  return false;
}

/** True where a block "From: … Sent: … To: …" stands at `at`, in one language or another. */
function headerBlockAt(lines: readonly string[], at: number): boolean {
  if (!FROM_LABEL.test(bounded(lines[at]))) return false;
  const block = lines.slice(at + 1, at + 9).map(bounded);
  return block.some((line) => DATE_LABEL.test(line)) && block.some((line) => TO_LABEL.test(line));
}

/** True where all that follows `at` is what somebody wrote before. */
function tailStartsAt(lines: readonly string[], at: number): boolean {
  const line = bounded(lines[at]);
  if (line.length > MAX_LINE) return false;
  if (RULER.test(line)) {
    const next = lines.slice(at + 1, at + 3).findIndex((text) => text.trim() !== "");
    return next >= 0 && headerBlockAt(lines, at + 1 + next);
  }
  return SEPARATOR.test(line) || BEGIN_FORWARD.test(line.trim()) || headerBlockAt(lines, at);
}

/** Marks quotations; what is left is new. */
function markQuotations(lines: readonly string[], kinds: Kind[]): void {
  for (let i = 0; i < lines.length; i += 1) {
    if (QUOTED.test(bounded(lines[i]))) {
      kinds[i] = "quoted";
      continue;
    }
    if (tailStartsAt(lines, i)) {
      kinds.fill("quoted", i);
      return;
    }
    const attribution = attributionAt(lines, i);
    if (attribution === 0) continue;
    // Clients that do not mark lines quote to the end; answers below a marked quotation are new.
    if (!nextIsQuoted(lines, i + attribution)) {
      kinds.fill("quoted", i);
      return;
    }
    kinds.fill("quoted", i, i + attribution);
    i += attribution - 1;
  }
}

/** Marks signatures among the new lines: behind "-- " up to the next quotation, and the lines that phones add. */
function markSignatures(lines: readonly string[], kinds: Kind[]): void {
  for (let i = 0; i < lines.length; i += 1) {
    if (kinds[i] !== "new") continue;
    const line = bounded(lines[i]);
    if (MOBILE.test(line.trim())) {
      kinds[i] = "signature";
      continue;
    }
    if (!SIGNATURE_MARK.test(line)) continue;
    let end = i;
    // A mark with very much behind it parts sections of a text.
    while (end < lines.length && kinds[end] === "new" && end - i <= MAX_SIGNATURE_LINES + 1)
      end += 1;
    if (end - i > MAX_SIGNATURE_LINES + 1) continue;
    kinds.fill("signature", i, end);
    i = end - 1;
  }
}

/** Empty lines between two of a kind are of that kind. */
function spreadOverEmpty(lines: readonly string[], kinds: Kind[]): void {
  let before = -1;
  for (let i = 0; i < lines.length; i += 1) {
    if (bounded(lines[i]).trim() === "" && kinds[i] === "new") continue;
    const kind = kinds[i];
    if (before >= 0 && kind !== undefined && kinds[before] === kind) kinds.fill(kind, before, i);
    before = i;
  }
}

function linesOf(lines: readonly string[], kinds: readonly Kind[], kind: Kind): string {
  return lines
    .filter((_line, i) => kinds[i] === kind)
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n")
    .trim();
}

/**
 * Splits the text of a mail by the shapes of common clients: lines marked with ">", attributions ("On … wrote:"),
 * header blocks ("From: … Sent: …"), "Original Message", forwarded messages, "-- " and "Sent from my iPhone".
 * Each line with something on it comes back in exactly one of the three; where in doubt it is new. Takes time in
 * proportion to the text.
 */
export function splitReply(text: string): SplitReply {
  if (text.length > MAX_SPLIT) return { new_text: text, quoted_text: "", signature: "" };
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const kinds: Kind[] = Array.from({ length: lines.length }, () => "new");
  markQuotations(lines, kinds);
  markSignatures(lines, kinds);
  spreadOverEmpty(lines, kinds);
  return {
    new_text: linesOf(lines, kinds, "new"),
    quoted_text: linesOf(lines, kinds, "quoted"),
    signature: linesOf(lines, kinds, "signature"),
  };
}
