"""Goes through everything in a mailbox, page by page behind the scenes."""

import os
from collections import Counter

from multimail import MultiMail

client = MultiMail(os.environ["MULTIMAIL_API_URL"], os.environ["MULTIMAIL_API_KEY"])

by_status = Counter(
    email["status"]
    for email in client.check_inbox_all(mailbox_id=os.environ["MULTIMAIL_MAILBOX_ID"], limit=100)
)
for status, count in by_status.items():
    print(status, count)
