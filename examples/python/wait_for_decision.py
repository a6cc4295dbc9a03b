"""Waits until a person has decided on the email named on the command line."""

import os
import sys

from multimail import MultiMail

client = MultiMail(os.environ["MULTIMAIL_API_URL"], os.environ["MULTIMAIL_API_KEY"])

while True:
    outcome = client.wait_for_decision(
        mailbox_id=os.environ["MULTIMAIL_MAILBOX_ID"], email_id=sys.argv[1], timeout_seconds=60
    )
    if outcome["decided"]:
        break

decision = outcome["decision"]
if decision is None:
    print(outcome["status"])
else:
    print(decision["decision"], decision["reason"] or "")
