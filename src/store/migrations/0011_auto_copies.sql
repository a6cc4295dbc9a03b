-- Who gets a copy of everything a mailbox writes: addresses as they stand in the envelope, in lower case.
ALTER TABLE mailbox ADD auto_cc text[] NOT NULL DEFAULT '{}';
ALTER TABLE mailbox ADD auto_bcc text[] NOT NULL DEFAULT '{}';
