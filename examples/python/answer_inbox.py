"""Reads every unread email, proposes an answer, and marks it as read."""

import os
import sys

from multimail import ApiError, MultiMail

client = MultiMail(os.environ["MULTIMAIL_API_URL"], os.environ["MULTIMAIL_API_KEY"])
mailbox_id = os.environ["MULTIMAIL_MAILBOX_ID"]

for listed in client.check_inbox_all(mailbox_id=mailbox_id, status="unread"):
    email = client.read_email(mailbox_id=mailbox_id, email_id=listed["id"])
    try:
        answer = client.reply_email(
            mailbox_id=mailbox_id,
            email_id=email["id"],
            markdown=f'Thank you for "{email["subject"]}". We are looking into it.',
            # The same key is the same answer: running this twice answers once.
            idempotency_key=f"answer-{email['id']}",
        )
        print(email["from"], answer["status"])
    except ApiError as error:
        print(email["from"], error.code, error, file=sys.stderr)
    client.mark_email(mailbox_id=mailbox_id, email_id=email["id"], status="read")
