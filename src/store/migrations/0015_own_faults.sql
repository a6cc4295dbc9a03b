-- Since when an operator's log is not the one that was signed last. Nothing of it is signed then, until it is whole again.
ALTER TABLE log_head ADD broken_at timestamptz;
GRANT UPDATE (broken_at) ON log_head TO multimail_app;
CREATE INDEX log_head_broken ON log_head (broken_at) WHERE broken_at IS NOT NULL;

-- Publishing asks for the subscriptions of a few mailboxes, out of thousands perhaps.
CREATE INDEX webhook_by_mailbox ON webhook (operator_id, mailbox_id);

-- Idempotency keys hold for 24 hours, and are deleted then.
CREATE INDEX idempotency_by_time ON idempotency (created_at);
