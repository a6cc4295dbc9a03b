/** Prompt injection: text that speaks to the agent who reads the mail instead of to its owner. */
import { quoted, visible, latinised } from "./text-fold.ts";

/** One pattern found. `strong` alone marks the message as injected; weak ones need company. */
export interface InjectionFinding {
  rule: string;
  strong: boolean;
  detail: string;
}

interface Pattern {
  rule: string;
  strong: boolean;
  find: RegExp;
}

// Every gap is bounded, so that each pattern is linear in the text.
const gap = (max: number) => `[^.!?;\\n]{0,${max}}`;
const strong = (rule: string, source: string): Pattern => ({
  rule,
  strong: true,
  find: new RegExp(source, "iu"),
});
const weak = (rule: string, source: string): Pattern => ({
  ...strong(rule, source),
  strong: false,
});

const tools =
  "(?:send_(?:email|mail|message|reply)|reply_(?:email|to_email)|forward_email|approve(?:_\\w{1,20})|add_allowlist_entry|create_api_key|remove_suppression|cancel_message|get_inbox|list_(?:emails|mailboxes|contacts)|read_(?:email|file)|execute_\\w{1,20}|run_(?:command|shell|code))";

const patterns: readonly Pattern[] = [
  // "ignore previous instructions", by language
  strong(
    "injection_override",
    `(?:ignor(?:e|ing)|disregard(?:ing)?|forget|override|bypass|do not follow|don'?t follow|stop following)\\s${gap(40)}\\b(?:previous|prior|above|earlier|preceding|existing|original|all|any|your|system|initial|safety)\\b[^.,!?;\\n]{0,30}\\b(?:instructions?|prompts?|rules|guidelines|directives?|programming|guardrails|constraints|context|training)\\b`,
  ),
  strong(
    "injection_override",
    `(?:ignorier(?:e|en|t)|vergiss|vergessen|missachte|überschreibe)\\s${gap(40)}(?:anweisung|vorgabe|instruktion|regeln|prompt|anordnung)`,
  ),
  strong(
    "injection_override",
    `(?:ignore[zrs]?|oublie[zrs]?|ne (?:tiens|tenez) pas compte|fais abstraction|faites abstraction)\\s${gap(40)}(?:instructions|consignes|directives|règles|prompt)`,
  ),
  strong(
    "injection_override",
    `(?:ignor(?:a|e|ar|en|ad)|olvid(?:a|e|ar|en)|haz caso omiso|desestim(?:a|e))\\s${gap(40)}(?:instrucciones|indicaciones|órdenes|reglas|directrices)`,
  ),
  strong(
    "injection_override",
    `(?:ignor(?:a|e|are|ate)|dimentica(?:re|te)?)\\s${gap(40)}(?:istruzioni|indicazioni|regole|direttive)`,
  ),
  strong(
    "injection_override",
    `(?:ignor(?:e|a|ar|em)|esqueça|esquece|desconsidere)\\s${gap(40)}(?:instruções|orientações|regras|diretrizes|comandos)`,
  ),
  strong(
    "injection_override",
    `(?:negeer|vergeet)\\s${gap(40)}(?:instructies|aanwijzingen|regels|opdrachten)`,
  ),
  strong(
    "injection_override",
    `(?:zignoruj|ignoruj|zapomnij|pomiń)\\s${gap(40)}(?:instrukcj|polece|zasad|wytyczn)`,
  ),
  strong(
    "injection_override",
    `(?:игнорируй|проигнорируй|забудь|не обращай внимания|ігноруй|проігноруй)${gap(40)}(?:инструкци|указани|команд|правил|інструкці|вказівк)`,
  ),
  strong(
    "injection_override",
    `(?:yok say|görmezden gel|unut)${gap(40)}(?:talimat|komut|kural)|(?:talimat|komut|kural)${gap(30)}(?:yok say|görmezden gel|unut|dikkate alma)`,
  ),
  strong(
    "injection_override",
    `(?:忽略|无视|無視|忘记|忘記|不要遵守)[^。！？\\n]{0,20}(?:指令|指示|提示|说明|規則|规则|命令)`,
  ),
  strong(
    "injection_override",
    `(?:指示|命令|プロンプト|ルール)[^。！？\\n]{0,12}(?:無視|忘れ)|(?:지시|명령|프롬프트|지침)[^.!?\\n]{0,15}(?:무시|잊어)`,
  ),
  strong(
    "injection_override",
    `(?:تجاهل|انس|تجاهلوا)${gap(40)}(?:التعليمات|الأوامر|القواعد|تعليمات)|(?:अनदेखा|नज़रअंदाज़|भूल)${gap(40)}(?:निर्देश)|(?:निर्देश)${gap(30)}(?:अनदेखा|नज़रअंदाज़|भूल)`,
  ),
  // speaking to the machine
  strong(
    "injection_address",
    `\\b(?:if you(?:'re| are)|attention|note (?:to|for)|message (?:to|for)|instructions? (?:to|for)|dear|hey|hinweis (?:an|für)|wenn du|falls du|si (?:vous êtes|tu es|eres)|als je)\\s(?:(?:an?|any|the|all|this|eine?n?|une?|el|la|le|een)\\s){0,2}(?:ai|a\\.i\\.|artificial intelligence|llm|large language model|language model|automated|virtual|ki|ia|chatgpt|claude|gemini|copilot)(?:s\\b|[ -](?:email |mail |e-mail )?(?:assistants?|agents?|agenten|models?|systems?|bots?|readers?|tools?|reading|processing|summari[sz]ing|handling|bist|assistent(?:en)?)|\\b[^a-z ])`,
  ),
  strong(
    "injection_secrecy",
    `(?:do not|don'?t|never|without)\\s(?:tell|inform|telling|informing|notify|notifying|mention(?:ing)?|reveal(?:ing)?|alert(?:ing)?|ask(?:ing)?|show(?:ing)?|disclos(?:e|ing))${gap(40)}\\b(?:the|your) (?:user|human|owner|operator|overseer|principal|supervisor|reviewer)s?\\b`,
  ),
  strong(
    "injection_secrecy",
    `(?:ohne|sag(?:e)?|informiere?)\\s(?:es\\s)?(?:dem|den|deinem|deinen|ihren|das)\\s(?:nutzer|benutzer|menschen|besitzer|betreiber)${gap(20)}(?:nicht|nichts|zu informieren|zu fragen)|(?:sin|sans|senza|sem)\\s(?:informar|avisar|informer|prévenir|demander|informare|avvisare)${gap(15)}\\b(?:usuario|usuário|humano|utilisateur|humain|utente|umano)`,
  ),
  strong(
    "injection_oversight",
    `\\b(?:skip|bypass|disable|circumvent|turn off|evade|avoid)\\s${gap(25)}\\b(?:approval (?:step|gate|queue|process)|human (?:review|oversight|approval)|oversight|content filter|safety (?:filter|check)s?|screening)\\b`,
  ),
  strong(
    "injection_oversight",
    `\\b(?:auto-?approve|automatically approve|mark (?:this|it) as (?:approved|safe|not spam|trusted))\\b${gap(30)}(?:message|email|mail|request|all|now|sender|immediately|$)|\\badd\\s${gap(60)}\\bto (?:the|your) allow-?list\\b`,
  ),
  // taking data out
  strong(
    "injection_exfiltration",
    `\\b(?:reveal|print|show|repeat|output|disclose|send|share|leak|reply with|respond with|include|paste|gib|zeige|affiche|muestra|revela)\\b${gap(40)}\\b(?:(?:your|the) (?:system|initial|hidden|original|full) (?:prompt|instructions)|system ?prompts?|your (?:initial |hidden |original )?(?:prompt|instructions|configuration|api keys?|credentials|secrets|environment variables|tokens?|passwords?))`,
  ),
  strong(
    "injection_exfiltration",
    `\\b(?:forward|send|e-?mail|bcc|upload|post|export|copy|transmit|exfiltrate|weiterleite|sende|schicke|envoie|transfère|envía|reenvía|inoltra)\\w{0,3}\\b[^!?;\\n]{0,30}\\b(?:(?:all|every|entire|whole|last|latest|recent|complete|alle|tous|toutes|todos|todas|tutti|tutte)\\b[^!?;\\n]{0,25}\\b(?:e-?mails?|messages?|inbox|contacts?|conversations?|threads?|mailbox|correspondence|nachrichten|kontakte|messages|contactos|correos|mensajes|messaggi|contatti)|api[ _-]?keys?|credentials|secrets|passwords|conversation history|chat history|zugangsdaten|passwörter|contraseñas|mots de passe)\\b[^!?;\\n]{0,60}(?:\\b(?:to|an|à|a|al|at)\\s{1,3}|https?:)[^\\s@]{0,60}(?:@|//)`,
  ),
  // calling tools
  strong(
    "injection_tool_call",
    `\\b(?:call|invoke|use|run|execute|trigger|rufe|verwende|utilise|appelle|usa|llama|ejecuta)\\b${gap(40)}\\b${tools}\\b|\\b${tools}\\s{0,2}\\(|"(?:name|tool|function|tool_name)"\\s{0,5}:\\s{0,5}"${tools}"`,
  ),
  strong(
    "injection_tool_call",
    `</?(?:tool_call|tool_use|function_calls?|invoke|tool_result|function_results?|antml:\\w{1,20})\\b[^>\\n]{0,80}>|\\[TOOL_CALLS?\\]|<\\|(?:tool|python)_\\w{1,20}\\|>|"tool_(?:calls?|use)"\\s{0,5}:`,
  ),
  // role markers of chat templates
  strong(
    "injection_role",
    `<\\|(?:im_start|im_end|system|user|assistant|endoftext|end_of_turn|eot_id|start_header_id|begin_of_text)\\|>|\\[/?INST\\]|<</?SYS>>|<(?:start|end)_of_turn>|</?(?:system|system_prompt|system-reminder|assistant)>|\\[system\\](?:\\(#|:)`,
  ),
  strong(
    "injection_role",
    `(?:^|\\n)[#*>\\s-]{0,6}(?:system|assistant|developer)(?: (?:prompt|message|note|override|instruction|update))?[*\\]]{0,2}\\s?:\\s{0,3}(?:you (?:are|must|will|should)|ignore|override|new |from now|all |the (?:user|assistant)|i (?:will|have|am)|sure|approved|forward|send)`,
  ),
  weak(
    "injection_role",
    `(?:^|\\n)[#*>\\s-]{0,6}(?:system|assistant|human|developer)[*\\]]{0,2}\\s?:`,
  ),
  weak(
    "injection_persona",
    `\\b(?:you are now (?:an? |in |the |no longer)|from now on,? you (?:are|must|will (?:act|respond|answer|obey|follow))|pretend (?:to be|you are)|act as (?:an? |if )|roleplay as|developer mode|jailbreak|DAN mode|do anything now|du bist (?:jetzt|nun) ein|tu es maintenant un|ahora eres un|ora sei un|теперь ты)`,
  ),
  weak(
    "injection_new_orders",
    `\\b(?:(?:new|updated|revised|real|actual|important) (?:system )?(?:instructions?|directives?|task|objective) ?:|your (?:new|real|only|actual) (?:task|goal|objective|instructions?|purpose) (?:is|are)\\b|(?:neue|wichtige) (?:anweisung(?:en)?|systemanweisung) ?:|nouvelles? instructions? ?:|nuevas? instrucci(?:ón|ones) ?:)`,
  ),
  weak(
    "injection_new_orders",
    `\\b(?:begin|end|start) (?:of )?(?:system|hidden|admin|new|secret|user) (?:prompt|instructions?|message|override|input)\\b|\\b(?:system|admin|developer) override\\b|\\bhighest priority instruction`,
  ),
  weak(
    "injection_address",
    `\\b(?:ai|llm|language model|virtual) (?:email )?(?:assistant|agent|model)s?\\b${gap(20)}\\b(?:must|should|please|shall|need to|are required)\\b`,
  ),
];

// One cheap look at words without which no pattern above can match; most mail ends here.
const trigger =
  /ignor|disregard|forget|overrid|bypass|follow|verg[ie]ss|missacht|überschreib|oubli|abstraction|tiens pas|tenez pas|olvid|omiso|desestim|dimentica|esque[cç]|desconsider|negeer|vergeet|zapomnij|pomiń|игнор|забудь|внимания|ігнор|görmezden|unut|yok say|dikkate|忽略|无视|無視|忘|不要遵守|무시|잊어|تجاهل|انس|अनदेखा|नज़रअंदाज़|भूल|\bai\b|a\.i\.|\bk?ia?\b|llm|artificial|language model|automated|virtual|chatgpt|claude|gemini|copilot|user|human|owner|operator|overseer|principal|supervisor|reviewer|nutzer|menschen|besitzer|betreiber|usuario|usuário|umano|humain|utente|utilisateur|skip|disabl|circumvent|turn off|evade|avoid|approve|mark |allow-?list|prompt|instru|api|credential|secret|environment|token|passw|contraseñ|mots de passe|zugangsdaten|inbox|contact|kontakt|contatt|conversation|e-?mail|message|mensaje|messagg|correo|nachricht|thread|mailbox|correspond|history|[a-z]_[a-z]|<\/?(?:tool|function|invoke|antml|system|assistant|start|end)|<\||\[\/?inst|<<|tool_|system|assistant|developer|you are now|from now on|pretend|act as|roleplay|jailbreak|anything now|du bist|tu es|ahora|ora sei|теперь|directive|task|objective|anweisung/iu;

const INSPECT_CHARS = 300_000;
const BASE64_RUNS = 20;

/** Reads one text for injection. Cut at 300,000 characters: the caller marks longer ones. `where` names the text in details. */
export function findInjection(text: string, where: string): InjectionFinding[] {
  const cut = text.slice(0, INSPECT_CHARS);
  const found = new Map<string, InjectionFinding>();
  const seen = visible(cut);
  for (const variant of variants(seen)) matchAll(variant, where, found);
  for (const decoded of hiddenInBase64(seen)) matchAll(decoded, `base64 in ${where}`, found);
  return [...found.values()];
}

/** True where a text is longer than what {@link findInjection} reads. */
export function beyondInspection(text: string): boolean {
  return text.length > INSPECT_CHARS;
}

/** The spellings under which a text is read: lines joined, look-alike letters folded, spaced-out letters closed up. */
function variants(seen: string): string[] {
  // Blanks first: a pattern that may begin with many of them would be quadratic.
  const flowed = seen
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n(?![\n#*>\-<[]| \n|\w{0,20} ?:) ?/g, " ");
  const out = [flowed];
  if (/[a-z][\u0370-\u058f]|[\u0370-\u058f][a-z]/iu.test(flowed)) out.push(latinised(flowed));
  const closed = flowed.replace(
    /(?<![\p{L}\p{N}])(?:\p{L}[ .\-_*·]){4,200}\p{L}(?![\p{L}\p{N}])/gu,
    (run) => run.replace(/[ .\-_*·]/g, ""),
  );
  if (closed !== flowed) out.push(closed, closed.replace(/[^\p{L}]/gu, ""));
  const unleet = flowed.replace(/(?<=\p{L})[01345@$]{1,3}(?=\p{L})|\b1(?=gn)/gu, (run) =>
    [...run].map((char) => leet[char] ?? char).join(""),
  );
  if (unleet !== flowed) out.push(unleet);
  return out;
}

const leet: Record<string, string> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "@": "a",
  $: "s",
};

// For letters that were spaced out and have lost the gaps between words.
const closedUp =
  /(?:ignore|disregard|forget)(?:all|any|the|your|my)*(?:previous|prior|above|earlier)*(?:instructions|prompts|rules)/i;

function matchAll(text: string, where: string, found: Map<string, InjectionFinding>): void {
  if (!trigger.test(text)) return;
  for (const pattern of patterns) {
    const known = found.get(pattern.rule);
    if (known !== undefined && (known.strong || !pattern.strong)) continue;
    const match = pattern.find.exec(text);
    if (match === null) continue;
    const detail = `${where}: “${quoted(match[0])}”`;
    found.set(pattern.rule, { rule: pattern.rule, strong: pattern.strong, detail });
  }
  if (!found.get("injection_override")?.strong) {
    const match = closedUp.exec(text);
    if (match !== null)
      found.set("injection_override", {
        rule: "injection_override",
        strong: true,
        detail: `${where}: “${quoted(match[0])}”`,
      });
  }
}

/** Texts that stand in base64 runs of 32 characters or more; at most 20 runs of 8 KiB. */
function hiddenInBase64(text: string): string[] {
  const out: string[] = [];
  let runs = 0;
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{32,8192}={0,2}/g)) {
    // Words and addresses are not base64: a run of text that encodes words has both cases.
    if (!/[A-Z]/.test(run) || !/[a-z]/.test(run)) continue;
    if ((runs += 1) > BASE64_RUNS) break;
    const decoded = Buffer.from(run, "base64").toString("utf8");
    const odd = decoded.match(/[^\x20-\x7e\n\r\t\u00a0-\uffef]|\ufffd/g)?.length ?? 0;
    if (odd <= decoded.length / 20) out.push(decoded);
  }
  return out;
}
