/** Rules about what a message asks for: credentials, money, haste. Words of many languages, none damning alone. */
import { domainParts, freemail, sameOwner } from "./domains.ts";
import type { Findings, Subject } from "./inbound-subject.ts";
import { collectLinks } from "./inbound-links.ts";
import { readTarget } from "./links.ts";
import type { ScreeningReason } from "./screening.ts";
import { latinised, quoted, visible } from "./text-fold.ts";

const INSPECT_CHARS = 100_000;

interface Phrase {
  rule: string;
  score: number;
  find: RegExp;
  /** What must follow within so many characters. Not part of `find`: a gap that wide would be searched once a match. */
  near?: { within: number; find: RegExp };
}

const phrase = (rule: string, score: number, source: string): Phrase => ({
  rule,
  score,
  find: new RegExp(source, "iu"),
});

const pair = (
  rule: string,
  score: number,
  [first, within, then]: readonly [string, number, string],
): Phrase => ({
  rule,
  score,
  find: new RegExp(first, "giu"),
  near: { within, find: new RegExp(then, "giu") },
});

const credentials =
  /\b(?:verify|confirm|validate|update|re-?activate|unlock|restore|review|secure|re-?authenticate)\b[^.!?\n]{0,40}\b(?:account|identity|password|login|log-?in|mailbox|credentials|billing (?:details|information)|payment (?:details|information|method)|sign-?in|wallet|e-?mail address)\b|\b(?:password|mailbox|account)\b[^.!?\n]{0,40}\b(?:expires?|expired|will be (?:closed|suspended|deactivated|deleted|terminated)|has been (?:suspended|limited|locked|restricted)|is (?:full|locked|limited))|\b(?:konto|passwort|kennwort|zugang|postfach|identität|daten)\b[^.!?\n]{0,60}(?:bestätigen|verifizieren|aktualisieren|gesperrt|eingeschränkt|läuft ab|abgelaufen|überprüfen)|(?:bestätigen|verifizieren|aktualisieren)\s[^.!?\n]{0,40}\b(?:konto|passwort|kennwort|zugangsdaten|daten)\b|(?:vérifie[rz]|confirme[rz]|valide[rz]|mettre à jour|mettez à jour)[^.!?\n]{0,40}(?:compte|mot de passe|identité|identifiants|coordonnées)|compte[^.!?\n]{0,40}(?:suspendu|bloqué|limité|expire)|(?:verifi(?:que|car|ca|ar|quen)|confirm(?:e|ar|a)|actuali(?:ce|zar|za)|atuali(?:ze|zar))[^.!?\n]{0,40}(?:cuenta|conta|contraseña|senha|identidad|datos|dados)|(?:cuenta|conta)[^.!?\n]{0,40}(?:suspendida|bloqueada|suspensa|limitada)|(?:verific(?:a|hi|are)|conferm(?:a|i|are)|aggiorn(?:a|i|are))[^.!?\n]{0,40}(?:conto|account|password|identità|dati)|(?:bevestig|verifieer|controleer)[^.!?\n]{0,40}(?:account|wachtwoord|gegevens|rekening)|(?:potwierdź|zweryfikuj|zaktualizuj)[^.!?\n]{0,40}(?:konto|hasło|dane)|(?:подтвердите|проверьте|обновите)[^.!?\n]{0,40}(?:аккаунт|учётн|учетн|пароль|данные|запись)|(?:doğrula|onayla|güncelle)[^.!?\n]{0,20}|(?:hesab|şifre)[^.!?\n]{0,40}(?:doğrula|onayla|askıya|güncelle)|(?:验证|確認|确认|更新)[^。！？\n]{0,15}(?:账户|帐户|账号|密码|アカウント|パスワード|本人)|(?:アカウント|パスワード)[^。！？\n]{0,20}(?:確認|更新|停止|制限)|계정[^.!?\n]{0,20}(?:확인|정지|인증)/iu;

const haste =
  /\b(?:within (?:24|48|12|72|two|the next) ?(?:hours?|h\b|hrs)|immediately|urgent(?:ly)?|final (?:notice|warning|reminder)|last warning|as soon as possible|right away|innerhalb von \d{1,2} stunden|umgehend|dringend|letzte mahnung|sous \d{1,2} ?(?:h|heures)|immédiatement|urgente?|de inmediato|en \d{1,2} horas|entro \d{1,2} ore|immediatamente|imediatamente|binnen \d{1,2} uur|onmiddellijk|natychmiast|pilne|срочно|немедленно|в течение \d{1,2} час|acil|\d{1,2} saat içinde)\b|立即|至急|直ちに|24時間|24小时|即刻|긴급|즉시/iu;

const phrases: readonly Phrase[] = [
  pair("advance_fee", 4.5, [
    "\\b(?:next of kin|beneficiary of|inheritance (?:fund|of)|unclaimed (?:fund|inheritance|estate)|(?:million|billion) (?:us |united states )?(?:dollars|usd|euros?|pounds)|foreign partner|late client|diplomat(?:ic)? (?:courier|box)|dying widow|barrister|transfer of (?:the )?funds?)\\b",
    600,
    "\\b(?:reply|contact me|confidential|percent|%|bank|transfer|strictly|deceased|share|fund)",
  ]),
  pair("advance_fee", 4.5, [
    "(?:herencia|héritage|erbschaft|наследств|herança|eredità|遗产|遺産)",
    400,
    "(?:mill|euro|usd|dol|дол|евро|万|ドル)",
  ]),
  phrase(
    "lottery",
    4.5,
    "\\b(?:you(?:'ve| have)? won|you are (?:the |a |our )?(?:lucky )?winner|winning (?:ticket|number|notification)|(?:e-?mail|international|online) lottery|lottery (?:winner|prize)|claim your (?:prize|reward|winnings|gift)|ha(?:s|ben) (?:sie )?gewonnen|sie haben gewonnen|vous avez gagné|has ganado|hai vinto|você ganhou|вы выиграли|kazandınız)\\b|您?中奖|当選しました|당첨",
  ),
  pair("extortion", 7, [
    "\\b(?:recorded you|webcam|your camera|hacked your|infected your|adult (?:site|website|content)|intimate|masturbat|malware on your|trojan|deine kamera|ihre webcam|gehackt|votre webcam|tu cámara|твою камеру|веб-камер)",
    1500,
    "\\b(?:bitcoin|btc|usdt|monero|crypto|[13][a-km-zA-HJ-NP-Z1-9]{25,34}|bc1[a-z0-9]{20,60})",
  ]),
  pair("gift_cards", 5, [
    "\\b(?:gift ?cards?|itunes cards?|steam cards?|google play cards?|amazon cards?|gutscheinkarten|cartes? cadeaux?|tarjetas? (?:de )?regalo)\\b",
    400,
    "\\b(?:scratch|codes?|discreet|urgent|surprise|reimburse|meeting|photo|picture|confidential|send me|asap|besprechung|réunion|reunión)",
  ]),
  pair("gift_cards", 5, [
    "\\b(?:need|buy|purchase|get)\\b[^.!?\\n]{0,40}\\bgift ?cards?\\b",
    300,
    "\\b(?:clients?|staff|employees|codes?)",
  ]),
  phrase(
    "bank_change",
    4.5,
    "\\b(?:chang(?:e|ed|es)|updat(?:e|ed)|new|different|amend(?:ed)?)\\b[^.!?\\n]{0,50}\\b(?:bank(?:ing)? (?:account|details|information|coordinates)|account details|direct deposit|payment instructions|remittance (?:details|information)|iban)\\b|\\b(?:neue|geänderte|andere|aktualisierte)\\w{0,2} (?:bankverbindung|kontodaten|bankdaten|iban)\\b|(?:nouveau|nouvelles?|changement de) (?:rib|coordonnées bancaires|iban|compte bancaire)|(?:nuev[ao]s?|cambio de) (?:cuenta bancaria|datos bancarios|iban)|(?:nuov[eio]|cambio) (?:coordinate bancarie|iban|conto)|(?:novos?|nova) (?:dados bancários|conta bancária)|новые (?:банковские )?реквизиты",
  ),
  phrase(
    "executive_request",
    3,
    "\\b(?:are you (?:available|at your desk|in the office|free)|i(?:'m| am) in a meeting|can'?t (?:talk|take calls)|quick (?:task|favou?r)|handle (?:this|something) (?:discreetly|for me)|keep this (?:between us|confidential)|bist du (?:gerade )?(?:am platz|verfügbar)|es-tu disponible|estás disponible|vertraulich behandeln)\\b",
  ),
  phrase(
    "wire_request",
    3,
    "\\b(?:wire transfer|urgent (?:payment|transfer|wire)|process (?:a|this|the) (?:payment|transfer|wire)|initiate (?:a|the) (?:transfer|payment)|eilüberweisung|dringende überweisung|virement (?:urgent|bancaire|international)|transferencia urgente|bonifico urgente)\\b",
  ),
  phrase(
    "drugs_dating",
    5,
    "\\b(?:viagra|cialis|levitra|penis|erection|weight loss (?:pill|gumm)|hot (?:singles|girls|women)|russian (?:brides|girls|women)|sex (?:dating|partner)|potenzmittel|cheap meds|online pharmacy|no prescription|replica (?:watches|rolex)|casino (?:bonus|free spins)|free spins|keto gummies|cbd gummies)\\b",
  ),
  phrase(
    "easy_money",
    4.5,
    "\\b(?:double your (?:money|bitcoin|investment|crypto)|guaranteed (?:profits?|returns?|income)|(?:earn|make) (?:up to )?[$€£]?\\d[\\d.,]{1,10} ?(?:[$€£]|usd|eur)? ?(?:per|a|every|each) (?:day|week|hour|month)|work from home[^.!?\\n]{0,60}(?:\\$|€|£|earn)|forex signals?|(?:bitcoin|crypto|btc)[^.!?\\n]{0,50}(?:giveaway|airdrop|investment (?:plan|opportunity)|guaranteed)|seed phrase|recovery phrase|claim your (?:airdrop|tokens)|wallet (?:connect|validation|synchroni)|verdienen sie (?:bis zu )?\\d|gana(?:r)? (?:hasta )?\\d[^.!?\\n]{0,20}(?:diari|al día)|заработ\\w{0,6} (?:от|до) \\d|轻松赚|稳赚)",
  ),
  pair("seo_cold", 3.5, [
    "\\b(?:rank (?:your (?:web)?site|on (?:the )?(?:first|top|1st) page)|first page of google|seo (?:services|packages?|audit|proposal)|guest post(?:s|ing)?|backlinks?|domain authority|email (?:lists?|database|leads) of|verified (?:contacts|leads|email list)|attendees? list)\\b",
    800,
    "\\b(?:price|cost|quote|interested|offer|packages?|proposal|rank|counts?)",
  ]),
  phrase(
    "generic_greeting",
    0.8,
    "\\bdear (?:valued |esteemed )?(?:customer|user|client|member|beneficiary|friend|account holder|webmail user|email user)\\b|sehr geehrter kunde\\b|cher(?:e)? client|estimado (?:cliente|usuario)|gentile cliente|уважаемый (?:клиент|пользователь)|尊敬的(?:客户|用户)|お客様各位",
  ),
  pair("parcel_fee", 3, [
    "\\b(?:parcel|package|shipment|delivery|paket|sendung|colis|paquete|pacco|pakket|paczk\\w|посылк\\w|bưu kiện)\\b",
    200,
    "(?:customs? fee|unpaid (?:fee|duty|postage)|pay(?:ment)? (?:of )?(?:a )?(?:small )?(?:[$€£] ?\\d|\\d)|shipping fee|held at|could not be delivered|zollgebühr|gebühr|frais de (?:douane|livraison)|tasa|aduana|dogan|opłat|доплат|пошлин)",
  ]),
  pair("tax_refund", 3, [
    "\\b(?:tax (?:refund|rebate)|steuererstattung|steuerrückerstattung|remboursement d'impôt|remboursement (?:de )?(?:vos )?impôts|devolución de impuestos|reembolso|rimborso fiscale|zwrot podatku|возврат налога)\\b",
    300,
    "(?:click|claim|link|form|klick|clique|haga|pulse|cliquez|kliknij|formular|http)",
  ]),
];

/** Scores wording; credential lures by where their links lead. */
export function contentRules(subject: Subject): Findings {
  const { mail, html } = subject;
  const whole = `${mail.subject}\n${mail.new_text === "" ? mail.text : mail.new_text}\n${html === null ? "" : html.shown}`;
  const text = visible(whole.slice(0, INSPECT_CHARS)).replace(/[^\S\n]+/g, " ");
  const folded = /[a-z][\u0370-\u058f]|[\u0370-\u058f][a-z]/iu.test(text)
    ? `${text}\n${latinised(text)}`
    : text;
  const reasons: ScreeningReason[] = [];
  const add = (rule: string, score: number, detail: string) =>
    reasons.push({ rule, score, detail });
  const hasty = haste.exec(folded)?.[0];
  let asked = false;
  for (const wanted of phrases) {
    const { rule, score } = wanted;
    const match = reasons.some((one) => one.rule === rule) ? undefined : foundIn(folded, wanted);
    if (match === undefined) continue;
    add(rule, score, `“${quoted(match)}”`);
    if (score >= 3) asked = true;
  }
  if (lure(subject, folded, add)) asked = true;
  if (hasty !== undefined && asked) add("haste", 1.5, `“${quoted(hasty)}”`);
  if (shouting(mail.subject)) add("shouting", 1, "the subject is all capitals");
  if (/[!$€£]{3,}|!\s?!\s?!/.test(mail.subject)) add("shouting", 1, "the subject shouts");
  if (text.trim().length < 40 && (html?.images.length ?? 0) > 0 && (html?.links.length ?? 0) > 0)
    add("picture_only", 1.5, "a picture with a link instead of text");
  const from = domainParts(mail.from[0]?.address ?? "");
  if (asked && from !== null && freemail.has(from.registrable))
    add("freemail_request", 1, `asks from ${from.registrable}`);
  // What asks for money or secrets and cannot prove who it is, is worse than either.
  if (asked && !subject.dmarc_pass)
    add("unproven_request", 1.5, "asks for money or access without proof of its author");
  return { reasons, injection: false, capped: whole.length > INSPECT_CHARS * 3 };
}

/** What a phrase finds, from its first word on. Linear: both halves are looked for once, and paired by where they stand. */
function foundIn(text: string, { find, near }: Phrase): string | undefined {
  if (near === undefined) return find.exec(text)?.[0];
  let ends: number[] | undefined;
  let next = 0;
  for (const { 0: first, index } of text.matchAll(find)) {
    ends ??= Array.from(text.matchAll(near.find), (match) => match.index);
    const from = index + first.length;
    while ((ends[next] ?? Infinity) < from) next += 1;
    const then = ends[next];
    if (then === undefined) return undefined;
    if (then - from <= near.within) return text.slice(index, then + 20);
  }
  return undefined;
}

function lure(
  subject: Subject,
  text: string,
  add: (rule: string, score: number, detail: string) => void,
): boolean {
  const match = credentials.exec(text)?.[0];
  if (match === undefined) return false;
  const from = domainParts(subject.mail.from[0]?.address ?? "");
  const elsewhere = collectLinks(subject)
    .slice(0, 100)
    .map((one) => readTarget(one.href)?.domain ?? null)
    .find((one) => one !== null && !sameOwner(one, from));
  const page = subject.mail.attachments.some((one) => /html|svg/.test(one.content_type));
  if (elsewhere == null && !page) return false;
  add(
    "credential_lure",
    subject.dmarc_pass ? 2 : 3,
    `“${quoted(match)}” with ${elsewhere == null ? "an attached page" : `a link to ${quoted(elsewhere.host, 60)}`}`,
  );
  return true;
}

function shouting(subject: string): boolean {
  const letters = subject.slice(0, 300).replace(/[^\p{Lu}\p{Ll}]/gu, "");
  return (
    letters.length >= 12 && letters === letters.toUpperCase() && letters !== letters.toLowerCase()
  );
}
