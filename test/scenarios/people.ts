/** What people do in scenarios, through the pages as a browser would. */
import { type Running, postForm } from "./running.ts";

/** Sets a mailbox's mode as a signed-in person does; answers the status of the form's answer, 303 when it was saved. */
export async function setMode(
  running: Running,
  cookie: string,
  mailboxId: string,
  mode: string,
): Promise<number> {
  const page = `/mailboxes/${mailboxId}`;
  const answer = await postForm(running, cookie, page, page, {
    oversight_mode: mode,
    was_oversight_mode: "",
  });
  return answer.status;
}

/** Decides as a signed-in person; answers the status of the form's answer, 303 when it was taken. */
export async function decideOnPage(
  running: Running,
  cookie: string,
  message: { id: string; digest: string },
  decision: string,
): Promise<number> {
  const page = `/messages/${message.id}`;
  const fields = { decision, digest: message.digest, reason: "looked at it" };
  return (await postForm(running, cookie, page, `${page}/decide`, fields)).status;
}
