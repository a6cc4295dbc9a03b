/** What people changed in a message: shown line by line, the earlier text struck out and the new one marked. */
import { html as markup } from "hono/html";
import { z } from "zod";
import { type Html, line, subjectLine, time, visible } from "./display.ts";
import { type MemberVisit, allowed, call } from "./visit.ts";

const moved = z.object({ added: z.array(z.string()), removed: z.array(z.string()) });
const diff = z.object({
  subject: z.object({ from: z.string(), to: z.string() }).nullable(),
  recipients: moved,
  attachments: moved,
  body: z
    .array(z.object({ op: z.enum(["equal", "delete", "insert"]), text: z.string() }))
    .nullable(),
});
const answer = z.object({
  versions: z.array(
    z.object({
      version: z.number(),
      written_by: z.string(),
      replaced_at: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
  diff: diff.nullable(),
});

/** What `get_email_versions` says of a message; null where nothing was edited or may be seen. */
export type Changes = z.infer<typeof answer> & { diff: z.infer<typeof diff> };

/** Reads what was changed in a message that was written here. */
export async function readChanges(
  visit: MemberVisit,
  email: { id: string; mailbox_id: string; direction: string },
): Promise<Changes | null> {
  if (email.direction !== "outbound" || !allowed(visit, "get_email_versions")) return null;
  const { body } = await call(
    visit,
    "get_email_versions",
    { mailbox_id: email.mailbox_id, email_id: email.id },
    answer,
  );
  return body.diff === null ? null : { ...body, diff: body.diff };
}

/** True where the visitor wrote or edited the message: then none of their decisions counts. */
export function isAuthor(
  visit: MemberVisit,
  author: { kind: string; id: string },
  changes: Changes | null,
): boolean {
  const { id } = visit.session.person;
  if (author.kind === "person" && author.id === id) return true;
  return changes?.versions.some(({ written_by }) => written_by === `person:${id}`) ?? false;
}

/** The section that shows it; nothing where nothing was edited. */
export function changesView(changes: Changes | null, now: number): Html | false {
  if (changes === null) return false;
  const { diff: what, versions } = changes;
  const last = versions.findLast(({ replaced_at }) => replaced_at !== null);
  return markup`<section aria-labelledby="changes"><h2 id="changes">What was changed since it was proposed</h2>
${last?.replaced_at && markup`<p class="quiet">${versions.length - 1 === 1 ? "One edit" : `${versions.length - 1} edits`}, the last ${time(last.replaced_at, now)}.</p>`}
${last?.reason != null && markup`<blockquote>${line(last.reason, 2000)}</blockquote>`}
${what.subject && markup`<p><span class="label">Subject</span> <del>${subjectLine(what.subject.from)}</del> <ins>${subjectLine(what.subject.to)}</ins></p>`}
${movedList("Recipients", what.recipients)}
${movedList("Attachments", what.attachments)}
${what.body && bodyDiff(what.body)}</section>`;
}

function movedList(name: string, { added, removed }: z.infer<typeof moved>): Html | false {
  if (added.length + removed.length === 0) return false;
  return markup`<p><span class="label">${name}</span> ${removed.map((one) => markup`<del>${line(one, 400)}</del> `)}${added.map((one) => markup`<ins>${line(one, 400)}</ins> `)}</p>`;
}

function bodyDiff(parts: readonly { op: "equal" | "delete" | "insert"; text: string }[]): Html {
  // White space is content here: nothing may stand between the pieces.
  return markup`<pre class="body diff" dir="auto" tabindex="0" aria-label="Changed text">
${parts.map(({ op, text }) => {
  const shown = visible(text.replace(/\r\n?/g, "\n"), "body");
  if (op === "equal") return shown;
  return op === "delete" ? markup`<del>${shown}</del>` : markup`<ins>${shown}</ins>`;
})}</pre>`;
}
