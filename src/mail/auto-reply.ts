/** Whether a machine of ours may answer a received message (RFC 3834 §2). */
import { permitsAnswer } from "./auto-reply-marks.ts";
import type { Envelope } from "./auto-reply-marks.ts";
import type { ParsedMail } from "./parsed-mail.ts";
import { classifyMail } from "./report.ts";

/**
 * May a machine of ours answer this message? Only mail, and as RFC 3834 §2 says, both ways: never to the null sender, to
 * daemons, to machines, to lists and bulk, to whoever asked for silence, to our own mail come back, nor without an
 * address to answer. Mail of another AI (X-AI-Generated) gets none either: two agents that answer each other do not stop
 * by themselves.
 */
export function mayAutoAnswer(mail: ParsedMail, envelope: Envelope): boolean {
  if (classifyMail(mail, envelope).kind !== "mail" || !permitsAnswer(mail, envelope)) return false;
  return !mail.attachments.some((part) =>
    /^message\/(?:(?:global-)?delivery-status|feedback-report|disposition-notification)$/.test(
      part.content_type,
    ),
  );
}
