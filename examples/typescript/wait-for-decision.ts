/** Waits until a person has decided on the email named on the command line. */
import { MultiMail } from "@multimail/sdk";

const { MULTIMAIL_API_URL = "", MULTIMAIL_API_KEY } = process.env;
const client = new MultiMail({ baseUrl: MULTIMAIL_API_URL, apiKey: MULTIMAIL_API_KEY });
const email_id = process.argv[2] ?? "";
const mailbox_id = process.env["MULTIMAIL_MAILBOX_ID"] ?? "";

let outcome = await client.waitForDecision({ mailbox_id, email_id, timeout_seconds: 60 });
while (!outcome.decided)
  outcome = await client.waitForDecision({ mailbox_id, email_id, timeout_seconds: 60 });

console.log(outcome.decision?.decision ?? outcome.status, outcome.decision?.reason ?? "");
