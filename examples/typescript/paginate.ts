/** Goes through everything in a mailbox, page by page behind the scenes. */
import { MultiMail } from "@multimail/sdk";

const { MULTIMAIL_API_URL = "", MULTIMAIL_API_KEY, MULTIMAIL_MAILBOX_ID = "" } = process.env;
const client = new MultiMail({ baseUrl: MULTIMAIL_API_URL, apiKey: MULTIMAIL_API_KEY });

const byStatus = new Map<string, number>();
for await (const email of client.checkInbox({ mailbox_id: MULTIMAIL_MAILBOX_ID, limit: 100 }))
  byStatus.set(email.status, (byStatus.get(email.status) ?? 0) + 1);

for (const [status, count] of byStatus) console.log(status, count);
