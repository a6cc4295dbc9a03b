/** Reads every unread email, proposes an answer, and marks it as read. */
import { ApiError, MultiMail } from "@multimail/sdk";

const { MULTIMAIL_API_URL = "", MULTIMAIL_API_KEY, MULTIMAIL_MAILBOX_ID = "" } = process.env;
const client = new MultiMail({ baseUrl: MULTIMAIL_API_URL, apiKey: MULTIMAIL_API_KEY });
const mailbox_id = MULTIMAIL_MAILBOX_ID;

for await (const { id } of client.checkInbox({ mailbox_id, status: "unread" })) {
  const email = await client.readEmail({ mailbox_id, email_id: id });
  try {
    const answer = await client.replyEmail({
      mailbox_id,
      email_id: id,
      markdown: `Thank you for "${email.subject}". We are looking into it.`,
      // The same key is the same answer: running this twice answers once.
      idempotency_key: `answer-${id}`,
    });
    console.log(email.from, answer.status);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    console.error(email.from, error.code, error.message);
  }
  await client.markEmail({ mailbox_id, email_id: id, status: "read" });
}
