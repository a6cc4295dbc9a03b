/** Sends one email, which waits for a person, and prints its id. */
import { MultiMail } from "@multimail/sdk";

const { MULTIMAIL_API_URL = "", MULTIMAIL_API_KEY, MULTIMAIL_MAILBOX_ID = "" } = process.env;
const client = new MultiMail({ baseUrl: MULTIMAIL_API_URL, apiKey: MULTIMAIL_API_KEY });

const sent = await client.sendEmail({
  mailbox_id: MULTIMAIL_MAILBOX_ID,
  to: ["ada@example.com"],
  subject: "Your order",
  markdown: "Hello Ada,\n\nyour order left today.",
});
console.log(sent.id, sent.status);
