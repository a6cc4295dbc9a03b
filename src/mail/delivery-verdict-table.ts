/** The table of refusals: enhanced codes, reply codes and words of the server families, and what each means. */

/**
 * `hard`: nobody lives there. `soft`: the address is good, the moment is not. `policy`: this message or its
 * authentication was refused. `block`: we are refused, whatever we say. `ours`: we, or our relay's login, made the
 * mistake. `temporary`: try again.
 */
export type Verdict = "temporary" | "hard" | "soft" | "policy" | "block" | "ours";

export interface DeliveryVerdict {
  verdict: Verdict;
  /** What the refusal is about, and so what has to wait: one address, this message, or all mail to that host. */
  scope: "recipient" | "message" | "host";
  /** True only where the words leave no doubt that the address is dead. Never for a 4xx, a block or a policy. */
  suppress: boolean;
  retry: boolean;
  /** Seconds, 1 to 86,400, where the server named a time or is greylisting. */
  retry_after_seconds: number | null;
  /** One sentence for people. */
  words: string;
}

/** One row of the tables: what to look for, and what it means. */
export interface Row extends Omit<DeliveryVerdict, "retry_after_seconds"> {
  /** Class-less enhanced codes (`1.1`, or `7` for all of x.7.*). */
  enhanced?: readonly string[];
  codes?: readonly number[];
  text?: RegExp;
  /** With `enhanced` or `codes`: both they and the text must hold. */
  and?: boolean;
  unless?: RegExp;
}

const SENDER = /\bsender\b|\bmail from\b|\breturn[- ]path\b|\bfrom address\b|\bauthenticat/i;

/** The words of Gmail, Exchange, Outlook.com, Yahoo, Zoho, Postfix, Exim, qmail, sendmail, QQ, 163, mail.ru, GMX and others. */
const NO_SUCH_USER = new RegExp(
  [
    String.raw`\b(?:user|mailbox|mail box|recipient|address|account|addressee|alias|inbox)\b[^.;\n]{0,80}?\b(?:unknown|not (?:exist|found|valid|known|listed|recognized|local)|(?:does|do|did)(?: no|n'?)t exist|doesn'?t have|invalid|unavailable|couldn'?t be found|could not be found|wasn'?t found|isn'?t listed|no longer (?:exists|valid|available|in use))`,
    String.raw`\b(?:unknown|no such|invalid|non-?existent|nonexisting|unrouteable|unroutable|undeliverable|bad) (?:local |final |destination |e-?mail )?(?:user|mailbox|recipient|address|account|local-part|name)`,
    String.raw`\bno (?:mailbox|user|account|one|person|recipient)\b[^.;\n]{0,20}\b(?:here|by that name|with that)`,
    String.raw`\b(?:RecipientNotFound|RecipNotFound|NoSuchUser|ExRecipNotFound)\b`,
    String.raw`\brecipient (?:address )?rejected:? ?(?:access denied|user unknown|unknown|undeliverable)`,
    String.raw`\bunknown in (?:virtual|local|relay)\b|\bnot our customer\b|\bno longer (?:works|employed)\b`,
    String.raw`Empf(?:ä|ae)nger[^.;\n]{0,20}unbekannt|Benutzer[^.;\n]{0,20}(?:unbekannt|nicht gefunden)|Postfach existiert nicht`,
    String.raw`utilisateur inconnu|destinataire inconnu|adresse[^.;\n]{0,20}inconnue|bo[iî]te[^.;\n]{0,20}n'existe pas`,
    String.raw`usuario (?:desconocido|inexistente)|no existe (?:el|ese) (?:usuario|buz[oó]n)|buz[oó]n[^.;\n]{0,20}no existe|utente sconosciuto|casella inesistente|usu[aá]rio (?:desconhecido|inexistente)`,
    "用户不存在|收件人不存在|邮箱不存在|нет такого пользователя|пользователь не найден|宛先が見つかりません|存在しないユーザ",
  ].join("|"),
  "i",
);
const NO_SUCH_DOMAIN =
  /\b(?:host|domain)(?: or domain)?(?: name)?\b[^.;\n]{0,60}\b(?:unknown|not found|does(?: no|n'?)t exist|couldn'?t be found|non-?existent)|\bnxdomain\b|\bunknown (?:host|domain)\b|\bnull mx\b|\bdoes(?: no|n'?)t (?:accept|receive) (?:e-?)?mail\b|\bbad destination (?:system|host)\b|\bno (?:such host|such domain|mx)\b/i;
const DISABLED =
  /\b(?:account|mailbox|user|recipient|address|inbox)\b[^.;\n]{0,60}\b(?:disabled|deactivated|inactive|closed|deleted|terminated|cancelled|discontinued)/i;
const SUSPENDED =
  /\b(?:account|mailbox|user|recipient|address)\b[^.;\n]{0,60}\b(?:suspended|locked|expired|on hold|not active|blocked)/i;
const FULL =
  /\b(?:mailbox|inbox|quota|storage|account|mail ?box|disk|user)\b[^.;\n]{0,60}\b(?:full|exceed(?:s|ed|ing)?|over (?:its |the )?(?:quota|limit|storage)|out of (?:storage|space)|insufficient)|\bover ?quota\b|\bquotaexceeded\b|\binsufficient (?:system )?(?:storage|disk)|\bpostfach (?:ist )?voll|\bQuota\b[^.;\n]{0,30}überschritten|bo[iî]te[^.;\n]{0,40}pleine|buz[oó]n[^.;\n]{0,20}lleno|邮箱已满|переполнен/i;
const TOO_BIG =
  /\b(?:message|mail|size|content|attachment)s?\b[^.;\n]{0,50}\b(?:too (?:big|large|long)|exceeds?|exceeded|larger than)\b[^.;\n]{0,50}(?:size|limit|maximum|bytes|large|big|long)?|\bmessage[- ]size\b|\bmaximum (?:message )?size\b|\bsize limit\b/i;
const LISTED =
  /\b(?:spamhaus|spamcop|barracuda(?:central)?|sorbs|abusix|invaluement|mailspike|uceprotect|senderscore|cloudmark|proofpoint|surbl|s25r)\b|\b(?:block|black|deny)[ -]?list(?:ed|ing)?\b|\b(?:rbl|dnsbl|rbls|csi|pbl|xbl|sbl)\b|\breputation\b|\bbanned\b|\bclient host\b[^.;\n]{0,60}\b(?:blocked|rejected|denied)|\b(?:ip|ip address|host|network|server)\b[^;\n]{0,80}\b(?:blocked|is listed|has been block|not allowed to|refused|rejected)|\bblocked (?:using|by|due|for|because)|\bunusual rate\b|\bunsolicited\b|\bpoor\b[^.;\n]{0,20}\breputation|\b(?:reverse dns|ptr record|rdns)\b|\btemporarily rate limited\b|\bT[SI]SS?\d\d\b/i;
const POLICY =
  /\b(?:spam|spammy|junk|virus|malware|phish(?:ing)?|dmarc|dkim|spf|arc|policy|policies|prohibited|content|attachment type|executable|security reasons|authenticat(?:ed|ion)|unauthenticated|sender verify|not authori[sz]ed|administrat(?:ive|or|ively) (?:prohib|reject|den)|DT:SPM|HL:IPB|moderat(?:ed|ion)|not permitted|restricted|rejected for policy|bulk|Bayes)/i;
const RELAY =
  /\brelay(?:ing)?\b[^.;\n]{0,40}\b(?:denied|prohibited|not (?:allowed|permitted)|access)|\b(?:unable|not permitted|unauthori[sz]ed) to relay\b|\bwe do not relay\b|\brcpthosts\b/i;
export const GREY = /\bgr[ea]y[- ]?list/i;
const RATE =
  /\b(?:rate|too many|too fast|throttl|try again later|limit(?:ed|s)?|exceeded|connections?|concurren|busy|overload|unusual|deferred due)\b/i;
const ADDRESSEE_RATE =
  /\b(?:user|recipient|mailbox|account)\b[^.;\n]{0,80}\b(?:rate|receiving (?:mail|too)|too (?:many|quickly))/i;

const row = (
  verdict: Verdict,
  scope: DeliveryVerdict["scope"],
  words: string,
  when: Pick<Row, "enhanced" | "codes" | "text" | "and" | "unless">,
  flags: { suppress?: boolean; retry?: boolean } = {},
): Row => ({ verdict, scope, words, suppress: false, retry: false, ...flags, ...when });

const gone = { suppress: true };

/** Read from above; the first row that fits speaks. What accuses us stands above what accuses the address. */
export const PERMANENT: readonly Row[] = [
  row(
    "temporary",
    "recipient",
    "The server greylists: it wants to be asked again.",
    { text: GREY },
    { retry: true },
  ),
  row(
    "ours",
    "message",
    "Our client broke the sequence of commands.",
    { codes: [503] },
    { retry: true },
  ),
  row(
    "ours",
    "host",
    "The relay did not accept our login.",
    { codes: [530, 534, 535, 538] },
    { retry: true },
  ),
  row(
    "hard",
    "recipient",
    "The domain takes no mail (null MX).",
    { enhanced: ["1.10"], codes: [556] },
    gone,
  ),
  row("block", "host", "The server refuses us for our address or reputation.", { text: LISTED }),
  row("block", "host", "The server bars our address.", {
    enhanced: ["7.6", "7.606", "7.7", "7.25", "7.511", "7.512", "7.708", "7.750"],
  }),
  row("policy", "message", "The server asks for SPF, DKIM or DMARC that pass.", {
    enhanced: [
      "7.20",
      "7.21",
      "7.22",
      "7.23",
      "7.24",
      "7.26",
      "7.27",
      "7.28",
      "7.29",
      "7.30",
      "7.509",
      "7.515",
    ],
  }),
  row("policy", "message", "The message is larger than the server takes.", {
    enhanced: ["3.4", "2.3"],
  }),
  row("soft", "recipient", "The mailbox is full.", { enhanced: ["2.2"] }, { retry: true }),
  row(
    "soft",
    "recipient",
    "The mailbox is full.",
    { text: FULL, unless: TOO_BIG },
    { retry: true },
  ),
  row("policy", "recipient", "The server does not take mail for this domain from us.", {
    text: RELAY,
  }),
  row("policy", "recipient", "The server refuses this mail by policy.", { enhanced: ["7"] }),
  row("policy", "message", "The server does not take this sender address.", {
    enhanced: ["1.7", "1.8"],
  }),
  row(
    "soft",
    "recipient",
    "The mailbox takes no more mail at the moment.",
    { enhanced: ["2.1"], text: ADDRESSEE_RATE, and: true },
    { retry: true },
  ),
  row("hard", "recipient", "The mailbox is disabled.", { text: DISABLED }, gone),
  row(
    "hard",
    "recipient",
    "The mailbox does not take mail now; nobody said that it is gone for good.",
    { text: SUSPENDED },
  ),
  row("hard", "recipient", "The mailbox is disabled; nobody said that it is gone for good.", {
    enhanced: ["2.1"],
  }),
  row(
    "hard",
    "recipient",
    "The recipient is not in the organisation's directory.",
    { enhanced: ["4.1"], text: /access denied/i, and: true },
    gone,
  ),
  // Bad syntax (x.1.3) may be our own spelling of a good address.
  row("hard", "recipient", "The server cannot read this address.", { enhanced: ["1.3"] }),
  row(
    "hard",
    "recipient",
    "The domain does not exist or takes no mail.",
    { text: NO_SUCH_DOMAIN },
    gone,
  ),
  row(
    "hard",
    "recipient",
    "The mailbox does not exist.",
    { text: NO_SUCH_USER, unless: SENDER },
    gone,
  ),
  row("policy", "message", "The server refuses this mail by policy.", { text: POLICY }),
  row("policy", "message", "The message is larger than the server takes.", { text: TOO_BIG }),
  row("policy", "message", "The server refuses the sender of this message.", {
    enhanced: ["1.0", "1.1"],
    text: SENDER,
    and: true,
  }),
  row(
    "hard",
    "recipient",
    "The domain does not exist or takes no mail.",
    { enhanced: ["1.2"] },
    gone,
  ),
  row(
    "hard",
    "recipient",
    "The mailbox does not exist.",
    { enhanced: ["1.0", "1.1", "1.6"] },
    gone,
  ),
  row("hard", "recipient", "The server cannot use this address.", { enhanced: ["1"] }),
  row("soft", "recipient", "The mailbox is full.", { codes: [552] }, { retry: true }),
  row(
    "ours",
    "message",
    "The server did not understand our client.",
    { enhanced: ["5"] },
    { retry: true },
  ),
  row("policy", "message", "The message has a form that the server does not take.", {
    enhanced: ["6"],
  }),
  row("soft", "recipient", "The message went in circles behind the server.", {
    enhanced: ["4.6", "4.14", "4.9"],
  }),
  row("soft", "host", "The server or the road to it failed.", { enhanced: ["3", "4"] }),
  row("soft", "recipient", "The mailbox refused the message.", { enhanced: ["2"] }),
  row(
    "ours",
    "message",
    "The server did not understand our client.",
    { codes: [500, 501, 502, 504, 555] },
    { retry: true },
  ),
];

/** A 5xx that no row fits. */
export const UNNAMED = row(
  "policy",
  "message",
  "The server refuses this mail and names no reason we know.",
  {},
);

export const TEMPORARY: readonly Row[] = [
  row("temporary", "recipient", "The server greylists: it wants to be asked again.", {
    text: GREY,
  }),
  row("soft", "recipient", "The mailbox is full.", { enhanced: ["2.2"] }),
  row("temporary", "host", "The server closes the connection or asks us to slow down.", {
    codes: [421],
  }),
  row("temporary", "recipient", "The mailbox takes no more mail at the moment.", {
    enhanced: ["2.1"],
  }),
  row("temporary", "message", "The server wants fewer recipients at a time.", {
    enhanced: ["5.3"],
  }),
  row("temporary", "host", "The server holds us back for our address or reputation.", {
    text: LISTED,
  }),
  row("soft", "recipient", "The mailbox is full.", { text: FULL }),
  row("temporary", "host", "The server asks us to slow down.", { enhanced: ["7.0", "7.28"] }),
  row("temporary", "host", "The server asks us to slow down.", {
    enhanced: ["7"],
    text: RATE,
    and: true,
  }),
  row("temporary", "host", "The server or the road to it has trouble.", { enhanced: ["3", "4"] }),
  row("temporary", "message", "The server does not take this message now.", {
    enhanced: ["6", "7"],
  }),
];

/** A 4xx that no row fits. */
export const LATER = row("temporary", "recipient", "The server wants to be asked again later.", {});
