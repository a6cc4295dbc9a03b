/** Rules about prompt injection, wherever in the message it hides. */
import type { Findings, Subject } from "./inbound-subject.ts";
import { beyondInspection, findInjection, type InjectionFinding } from "./injection.ts";
import type { ScreeningReason } from "./screening.ts";
import { quoted, readInvisibles } from "./text-fold.ts";

const ATTACHED_CHARS = 65_536;
const ATTACHMENTS = 20;

/** Looks for injection in all texts, those a person does not see first; hidden text counts by itself, too. */
export function injectionRules(subject: Subject): Findings {
  const { mail, html } = subject;
  const reasons: ScreeningReason[] = [];
  const found = new Map<string, InjectionFinding>();
  let capped = false;
  let hiddenOrders = false;
  const look = (text: string, where: string, hidden = false) => {
    if (text.length < 8) return;
    capped ||= beyondInspection(text);
    for (const one of findInjection(text, where)) {
      hiddenOrders ||= hidden;
      const known = found.get(one.rule);
      if (known === undefined || (one.strong && !known.strong)) found.set(one.rule, one);
    }
  };
  const invisible = readInvisibles(
    `${mail.subject}\n${mail.text.slice(0, 300_000)}\n${html?.shown.slice(0, 300_000) ?? ""}`,
  );
  if (invisible.tag_text.length > 0) {
    reasons.push({
      rule: "tag_characters",
      score: 6,
      detail: `invisible text: “${quoted(invisible.tag_text)}”`,
    });
    look(invisible.tag_text, "tag characters", true);
  }
  if (html !== null) {
    look(html.hidden, "hidden text", true);
    look(html.comments, "HTML comments", true);
    look(html.labels, "image and link labels");
    look(html.shown, "HTML");
  }
  look(mail.subject, "subject");
  look(mail.text, "text");
  look([...mail.from, ...mail.reply_to].map((one) => one.name).join("\n"), "names");
  look(
    mail.attachments
      .slice(0, 100)
      .map((one) => one.filename)
      .join("\n"),
    "file names",
  );
  look(mail.calendars.join("\n").slice(0, ATTACHED_CHARS), "calendar");
  for (const one of mail.attachments.slice(0, ATTACHMENTS))
    if (/^text\/|json|xml/.test(one.content_type) && one.content.length > 0)
      look(
        one.content.toString("utf8", 0, ATTACHED_CHARS),
        `attachment ${quoted(one.filename, 40)}`,
      );
  reasons.push(...hiding(invisible, html?.hidden ?? "", hiddenOrders));
  const list = [...found.values()];
  for (const one of list)
    reasons.push({ rule: one.rule, score: one.strong ? 5 : 2, detail: one.detail });
  const injection =
    invisible.tag_text.length > 0 ||
    hiddenOrders ||
    list.some((one) => one.strong) ||
    list.length >= 2;
  return { reasons, injection, capped };
}

function hiding(
  invisible: ReturnType<typeof readInvisibles>,
  hidden: string,
  orders: boolean,
): ScreeningReason[] {
  const reasons: ScreeningReason[] = [];
  // Newsletters hide a preview line; more than that is there for filters or for machines.
  const letters = hidden.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  if (letters > 0)
    reasons.push({
      rule: "hidden_text",
      score: orders ? 4 : letters > 1500 ? 2.5 : letters > 400 ? 1 : 0.2,
      detail: `${letters} letters that are not shown`,
    });
  if (invisible.zero_width >= 3)
    reasons.push({
      rule: "zero_width",
      score: 3,
      detail: `${invisible.zero_width} zero-width characters inside words`,
    });
  if (invisible.variation_selectors >= 4)
    reasons.push({
      rule: "variation_selectors",
      score: 5,
      detail: `${invisible.variation_selectors} variation selectors that carry data`,
    });
  if (invisible.bidi_overrides > 0)
    reasons.push({
      rule: "bidi_override",
      score: 2,
      detail: "characters that turn the writing direction",
    });
  return reasons;
}
