"""Sends one email, which waits for a person, and prints its id."""

import os

from multimail import MultiMail

client = MultiMail(os.environ["MULTIMAIL_API_URL"], os.environ["MULTIMAIL_API_KEY"])

sent = client.send_email(
    mailbox_id=os.environ["MULTIMAIL_MAILBOX_ID"],
    to=["ada@example.com"],
    subject="Your order",
    markdown="Hello Ada,\n\nyour order left today.",
)
print(sent["id"], sent["status"])
