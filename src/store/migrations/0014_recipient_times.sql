-- When each open recipient is tried again. The queue says when their message is due; this says who is by then. Null: at once.
ALTER TABLE recipient ADD next_attempt_at timestamptz;
GRANT UPDATE (next_attempt_at) ON recipient TO multimail_app;
