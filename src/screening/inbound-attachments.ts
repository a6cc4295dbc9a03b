/** Rules about attachments. */
import { attachmentDangers, type AttachmentDanger } from "./attachment-risk.ts";
import type { Findings, Subject } from "./inbound-subject.ts";
import type { ScreeningReason } from "./screening.ts";

const scores: Record<AttachmentDanger, number> = {
  disguised: 10,
  executable: 7,
  macro: 5,
  active_markup: 5,
  archive_encrypted: 3,
  archive_unreadable: 3,
  archive_other: 1.5,
};
const ATTACHMENTS = 100;
const passwordHint =
  /\b(?:password|passcode|pass ?code|passwort|kennwort|mot de passe|contraseña|parola|senha|wachtwoord|hasło|пароль|şifre)\b[^\n]{0,40}?(?:\s?[:=]\s?|\bis\b|\blautet\b|\best\b|\bes\b|\bist\b)|密码|密碼|パスワード|비밀번호/iu;

/** Scores attachments; the worst of each danger counts, and what is inside a page or drawing that is attached. */
export function attachmentRules({ mail, html }: Subject): Findings {
  const reasons = new Map<string, ScreeningReason>();
  for (const one of mail.attachments.slice(0, ATTACHMENTS)) {
    for (const { danger, detail } of attachmentDangers(one)) {
      // A drawing in the HTML that runs nothing is a logo.
      const calm = danger === "active_markup" && one.inline && !runs(one.content);
      const score = calm ? 0.5 : scores[danger];
      const rule = `attachment_${danger}`;
      if (score > (reasons.get(rule)?.score ?? -1)) reasons.set(rule, { rule, score, detail });
    }
  }
  const locked =
    reasons.has("attachment_archive_encrypted") || reasons.has("attachment_archive_other");
  const text = `${mail.subject}\n${mail.text.slice(0, 20_000)}\n${html?.shown.slice(0, 20_000) ?? ""}`;
  if (locked && passwordHint.test(text))
    reasons.set("attachment_password", {
      rule: "attachment_password",
      score: 4,
      detail: "an archive, and its password in the text",
    });
  return {
    reasons: [...reasons.values()],
    injection: false,
    capped: mail.attachments.length > ATTACHMENTS,
  };
}

function runs(content: Buffer): boolean {
  return /<script|<foreignobject|javascript:|\bon(?:load|click|error|mouseover)\s{0,5}=/i.test(
    content.toString("latin1", 0, 262_144),
  );
}
