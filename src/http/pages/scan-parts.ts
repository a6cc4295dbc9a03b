/** Why an outgoing message is held, and what the outbound scan found in it. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { type Child, type Html, line } from "./display.ts";
import { badge } from "./layout.ts";
import type { Email } from "./message-parts.ts";
import { type ScanAction, scanActionWords, scanFamilyWords } from "./screening-words.ts";

const finding = z.object({
  rule: z.string(),
  action: z.enum(["mark", "hold", "block"]).catch("hold"),
  field: z.string().catch(""),
  detail: z.string().catch(""),
});
type Finding = z.output<typeof finding>;

const screening = z.object({
  findings: z.array(finding).max(1000).catch([]),
  /** Why a person has to look, whatever the scan says. */
  review: z.string().nullable().catch(null),
});

/** Findings shown; the scan itself keeps about a hundred. */
const shownFindings = 200;

const gravity: Readonly<Record<ScanAction, number>> = { block: 0, hold: 1, mark: 2 };

/** The findings beside a message, gravest first; none where it was not scanned. */
function scanOf({ screening: kept }: Pick<Email, "screening">) {
  const { findings, review } = screening.parse(kept ?? {});
  return {
    review,
    findings: findings.toSorted((a, b) => gravity[a.action] - gravity[b.action]),
  };
}

/**
 * The box at the head of a message that waits: why it waits, then every finding. Of other messages only the findings, if any.
 * What is found is said by the scan with the secret masked; it quotes the message, so it is foreign text.
 */
export function heldBox(email: Email): Html | false {
  const { findings, review } = scanOf(email);
  const waits = email.status === "pending_send_approval";
  if (!waits && findings.length === 0) return false;
  const grave = findings.some(({ action }) => action !== "mark");
  // The first of several approvals puts its own words in the place of the reason.
  const reason = email.approvals > 0 ? review : reasonBeyond(email, findings);
  return markup`<section class="alert ${waits || grave ? "warn" : "plain"}" aria-labelledby="held"><h2 id="held">${waits ? "Why it is held" : "What the scan found"}</h2>
${waits && whyHeld(email, reason, grave)}
${findings.length > 0 && waits && markup`<h3>The scan of its content found</h3>`}
${findings.length > 0 && findingList(findings)}</section>`;
}

function whyHeld(email: Email, reason: string | null, grave: boolean): Child {
  if (reason !== null) return markup`<p>${line(reason, 2000)}</p>`;
  return !grave && markup`<p>${modeHolds(email)}</p>`;
}

/** What holds a message that neither the scan nor anything else gave a reason for. */
function modeHolds({ oversight_mode: mode }: Email): string {
  switch (mode) {
    case "gated_all":
      return "The mailbox holds everything for a person.";
    case "gated_send":
      return "The mailbox holds what it sends, and not every recipient is on its allowlist.";
    default:
      return "The mailbox's mode asked for a person.";
  }
}

const scanned = "the outbound scan found: ";

/** The reason without the findings that it repeats, since they are listed; null where nothing is left. */
function reasonBeyond({ reason }: Email, findings: readonly Finding[]): string | null {
  if (reason === null || !reason.startsWith(scanned)) return reason;
  const ends = findings.map(({ detail, field }) => {
    const named = `${detail} (${field})`;
    const at = reason.indexOf(named);
    return at < 0 ? -1 : at + named.length;
  });
  const end = Math.max(-1, ...ends);
  if (end < 0) return reason;
  const rest = reason.slice(end).replace(/^, and \d{1,4} more/, "");
  return rest.startsWith("; ") ? rest.slice(2) : rest === "" ? null : reason;
}

function findingList(findings: readonly Finding[]): Html {
  return markup`<ul class="findings">${findings
    .slice(0, shownFindings)
    .map(
      (one) =>
        markup`<li>${badge(scanActionWords[one.action])} <strong>${scanFamilyWords[one.rule]?.[0] ?? line(one.rule, 60)}</strong> ${fieldWords(one.field)}${
          one.detail !== "" && markup`<br>${line(one.detail, 500)}`
        }</li>`,
    )}</ul>${
    findings.length > shownFindings &&
    markup`<p>and ${findings.length - shownFindings} more, which the evidence lists</p>`
  }`;
}

function fieldWords(field: string): Child {
  const attachment = /^attachments\[(\d{1,4})\]$/.exec(field);
  if (attachment) return `in attachment ${Number(attachment[1]) + 1}`;
  switch (field) {
    case "subject":
      return "in the subject";
    case "html":
      return "in the HTML";
    case "text":
    case "markdown":
      return "in the text";
    case "":
    case "message":
      return false;
    default:
      return markup`in ${line(field, 60)}`;
  }
}
