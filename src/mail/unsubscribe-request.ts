/** Whether a reply asks to get no more mail: short clear requests in twenty-one languages, doubt counts as no. */
import type { ParsedMail } from "./parsed-mail.ts";
import { UNSUBSCRIBE_WORDS } from "./unsubscribe-words.ts";

const LANGUAGES = Object.values(UNSUBSCRIBE_WORDS);
const COMMANDS: ReadonlySet<string> = new Set(LANGUAGES.flatMap((one) => one.commands.map(folded)));
const CLAUSES = LANGUAGES.flatMap((one) => one.clauses);

const MAX_TEXT = 6_000;
const MAX_SENTENCES = 120;
const MAX_SENTENCE = 200;
/** Longer than this, a lone word is a heading or a footer, not an order. */
const MAX_COMMAND_TEXT = 160;

/** Greetings, politeness, and questions that are orders in manners; taken off again and again from the front. */
const PREAMBLE =
  /^(?:(?:hi|hello|hey|dear|hallo|guten tag|bonjour|hola|ol[aá]|ciao|salve|buongiorno|hej|hei|cześć|dzień dobry|dobrý den|здравствуйте|добрый день|добрий день|merhaba|您好|你好|こんにちは|안녕하세요|مرحبا|שלום)(?: (?:there|team|all|everyone|sir|madam|zusammen|tous|folks))?(?=[\s,!.:。、，！]|$)|please|pls|plz|kindly|just|also|so|and|ok|okay|now|thanks|thank you|no thanks?|not interested|bitte|danke|s'il vous plaît|svp|stp|merci de|merci|veuillez|merci de bien vouloir|por favor|gracias|se faz favor|obrigad[oa]|per favore|per piacere|grazie|alstublieft|a\.?u\.?b\.?|graag|gelieve|vänligen|snälla|tack|venligst|vær så snill|vennligst|ole hyvä|olkaa hyvä|pyydän|kiitos|proszę|prosze|prosím|пожалуйста|прошу|прошу вас|будь ласка|lütfen|请|請|麻烦|麻烦您|どうか|すみません(?:が)?|من فضلك|من فضلكم|رجاء|رجاءً|أرجو|יבקשה|בבקשה|אנא|נא|(?:can|could|would|will) (?:you|u|someone|somebody)(?: guys| all)?(?: please| kindly)?|would you mind|könn(?:t)?en sie|kannst du|könnt ihr|würden sie|pou(?:v|rri)ez[- ]vous|peux[- ]tu|merci de|pueden?|puedes|podrías?|podrían|pode(?:m|ria|riam)?|può|potete|potrebbe|puoi|kunt u|kun je|kunnen jullie|wilt u|wil je|kan (?:ni|du|i|dere)|vil (?:du|i|dere)|voisitteko|voitteko|czy (?:możecie|może pan|możesz|mogliby państwo)|můžete|mohli byste|не могли бы вы|можете|чи не могли б ви|чи можете)(?=[\s,!.:。、，！]|$|[\u3000-\u9fff\u0590-\u06ff])[\s,!.:。、，！-]{0,5}/u;
const POLITE_QUESTION =
  /^(?:[^?]{0,40}[,!¿ ])?(?:can|could|would|will|könn(?:t)?en|kannst|könnt|würden|pou(?:v|rri)ez|peux|pueden?|puedes|podr[ií]an?|podrías|pode(?:m|ria|riam)?|può|potete|potrebbe|puoi|kunt|kun|kunnen|wilt|wil|kan|vil|voisitteko|voitteko|czy|můžete|mohli|не могли|можете|чи)[ -]/u;
const AFTERWORD =
  /[\s,.!:;。！、-]*(?:please|pls|plz|thanks(?: a lot| in advance)?|thank you(?: very much)?|thx|asap|now|immediately|bitte|danke|vielen dank|svp|s'il vous plaît|merci(?: d'avance)?|por favor|gracias|obrigad[oa]|grazie|per favore|alstublieft|bedankt|a\.?u\.?b\.?|tack|takk|tak|kiitos|dziękuję|prosím|děkuji|пожалуйста|спасибо|дякую|будь ласка|lütfen|teşekkürler|谢谢|謝謝|ありがとうございます|감사합니다|شكرا|תודה|בבקשה|immediatamente|sofort|immédiatement|inmediatamente|onmiddellijk)[\s.!,。！]*$/u;

/**
 * What turns the same words into something else: speech of or about others, conditions, exceptions, questions of
 * knowledge. They count for the whole sentence.
 */
const NOT_A_REQUEST =
  /\b(?:how|why|did|does|was|were|have you|has|who|what happens|said|says|wrote|writes|told|asked|replied|complain(?:s|ed)|customers?|clients?|users?|subscribers?|members?|colleagues?|they|them|he|she|someone else|people|guest list|wait(?:ing)? ?list|price list|attendee|to-do|if (?!possible|you (?:can|could|would|please))|unless|until|when|once|before|except|but keep|but not|still want|only the|instead|kunden|nutzer|wie kann|wie man|wenn|warum|clients?|comment|pourquoi|clientes|cómo|si no|clienti|come|klanten|hoe|waarom|kunder|hur|hvordan|asiakk|miten|klienci|klientów|jak|zákazník|если|как|почему|клиент|якщо|як|чому|müşteri|nasıl)\b|["“”„«»]|клиент|почему|как |если |якщо |чому |顧客|お客様|客户|用户|客戶|如何|怎么|怎麼|为什么|方法|고객|방법|어떻게|عملا|كيف|לקוח|איך/u;

/** From here on it is the small print of a newsletter, or our own footer that a mail program did not mark as quoted. */
const FOOTER =
  /^.{0,200}(?:view (?:this (?:e-?mail )?)?in (?:your )?browser|(?:click|tap) (?:here|below|the link)[^\n]{0,40}unsubscribe|unsubscribe (?:here|link|\||instantly|from this list:)|^to unsubscribe\b|if you (?:no longer|do not|don't|would (?:like|prefer))[^\n]{0,60}(?:receive|unsubscribe)|manage (?:your )?(?:e-?mail )?preferences|you (?:are receiving|received|get) this (?:e-?mail|message|mail)|sie erhalten diese|vous recevez ce|-{3,} ?original message|^from: |^von: |^de ?: )/mu;

/**
 * True where the writer asks us to stop mailing. Reads what was written now (`new_text`), and the subject only where it
 * is the bare command (a mailto: link), with no longer text beside it that says otherwise. Never reads quotations.
 *
 * | what was written | answer | why |
 * | --- | --- | --- |
 * | a bare command ("unsubscribe", "STOP", "退订") and nothing else but manners and a name | yes | nothing else can be meant |
 * | a clause that begins with the order and says who ("take me off your list"), anywhere | yes | it can stand in a long letter |
 * | the order as a polite question ("could you remove me from your list?") | yes | it is an order with manners |
 * | any other question ("did you unsubscribe me?", "how do I unsubscribe?") | no | it asks for an answer |
 * | the order with a negation before it | no | clauses are anchored at their beginning |
 * | about others (customers, they, quotation marks), conditions, exceptions | no | a person should read it |
 * | a bare word inside a longer text | no | headings and footers look like that |
 */
export function asksToUnsubscribe(mail: Pick<ParsedMail, "subject" | "new_text">): boolean {
  const text = plain(mail.new_text.slice(0, MAX_TEXT));
  const sentences = sentencesOf(text);
  if (bareCommand(text)) return true;
  if (sentences.some(isRequest)) return true;
  return (
    subjectCommands(mail.subject) &&
    text.length <= 2 * MAX_COMMAND_TEXT &&
    !text.includes("?") &&
    !/\b(?:not|don't|never|nicht|pas|no|não|non|niet|inte|ikke)\b/u.test(text) &&
    !NOT_A_REQUEST.test(text)
  );
}

/** Lower case, one kind of apostrophe, quoted lines and small print gone. */
function plain(text: string): string {
  const own = text
    .normalize("NFKC")
    .replace(/[’‘`´]/g, "'")
    .replace(/İ/g, "i")
    .toLowerCase()
    .split("\n")
    .filter((line) => !/^\s{0,10}[>|]/.test(line))
    .map((line) => line.replace(/[\s*_]{1,200}/g, " ").trim())
    .join("\n");
  const footer = FOOTER.exec(own);
  return (footer ? own.slice(0, footer.index) : own).trim();
}

function folded(text: string): string {
  const words = text
    .toLowerCase()
    .replace(/[\s.!,;:*"'()<>[\]。！、，…-]+/gu, " ")
    .trim()
    .split(" ");
  // "STOP STOP STOP" says stop.
  return new Set(words).size === 1 ? (words[0] ?? "") : words.join(" ");
}

function bareCommand(text: string): boolean {
  if (text === "" || text.length > MAX_COMMAND_TEXT || text.includes("?")) return false;
  if (COMMANDS.has(folded(text)) || COMMANDS.has(folded(unmannered(text.replace(/\n/g, " ")))))
    return true;
  // The command on a line of its own, and below it at most a name.
  const lines = text.split("\n").filter((line) => line !== "" && unmannered(line) !== "");
  const [first, ...others] = lines;
  if (first === undefined || !COMMANDS.has(folded(unmannered(first)))) return false;
  return (
    others.length <= 2 &&
    others.every((line) => line.split(" ").length <= 3 && !/[.!:]$/.test(line))
  );
}

/** Sentences; lines that a mail program has wrapped are put together again. */
function sentencesOf(text: string): string[] {
  let joined = "";
  for (const line of text.split("\n")) {
    const last = joined.slice(joined.lastIndexOf("\n") + 1);
    const wrapped = last.length >= 20 && line !== "" && !/[.!?:。！？,]$/.test(last);
    joined += wrapped ? ` ${line}` : `\n${line}`;
  }
  return joined
    .split(/(?<=[.!?؟])\s+|(?<=[。！？；])\s*|;\s|\n+/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== "")
    .slice(0, MAX_SENTENCES);
}

function isRequest(sentence: string): boolean {
  if (sentence.length > MAX_SENTENCE || NOT_A_REQUEST.test(sentence)) return false;
  if (/[?？؟]/u.test(sentence) && !POLITE_QUESTION.test(sentence)) return false;
  const parts = [
    sentence,
    ...sentence
      .split(/[,，、]|[–—]| - | (?:and|so|und|et|y|e|en|och|og|ja|oraz|i|a|и|та|ve) /u)
      .slice(0, 12),
  ];
  return parts.some((part) => {
    const clause = unmannered(part);
    return clause !== "" && CLAUSES.some((one) => one.test(clause));
  });
}

/** A clause without greeting, politeness and thanks. */
function unmannered(text: string): string {
  let clause = text.replace(/^[\s¿¡]{1,20}/, "").trim();
  for (let i = 0; i < 6; i += 1) {
    const shorter = clause.replace(PREAMBLE, "").replace(AFTERWORD, "").trim();
    if (shorter === clause) break;
    clause = shorter;
  }
  return clause.replace(/[\s.!?,;:。！？؟…)-]+$/u, "");
}

/** Also "unsubscribe 7q3zk9…", as mailto: links of senders and list managers have it. */
function subjectCommands(subject: string): boolean {
  const text = plain(subject.slice(0, 300));
  return (
    COMMANDS.has(folded(unmannered(text))) || /^unsubscribe[ :-]{1,3}[\w.=+@-]{6,200}$/.test(text)
  );
}
