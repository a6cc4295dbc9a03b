-- Limits: token buckets of requests; mailboxes and operators that were given up.

-- A bucket that was not drawn from for as long as it takes to fill is as good as none: old rows are deleted.
CREATE TABLE rate_bucket (
  operator_id text NOT NULL,
  subject     text NOT NULL,
  tokens      double precision NOT NULL,
  granted     integer NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, subject)
) WITH (fillfactor = 50);
CREATE INDEX rate_bucket_by_time ON rate_bucket (updated_at);
ALTER TABLE rate_bucket ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rate_bucket USING (operator_id = current_setting('multimail.operator', true) OR current_setting('multimail.operator', true) = '*');
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_bucket TO multimail_app;

-- A deleted mailbox keeps its row, and with it its address: nobody else is ever given mail that was meant for it.
ALTER TABLE mailbox ADD deleted_at timestamptz;

-- A closed operator sends and receives nothing, and nobody calls in its name. Its log and mail stay until they are erased.
ALTER TABLE operator ADD closed_at timestamptz;
CREATE FUNCTION operator_stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'operator % is closed', OLD.operator_id USING ERRCODE = '23001';
END $$;
CREATE TRIGGER operator_stays_closed BEFORE UPDATE ON operator FOR EACH ROW
  WHEN (OLD.closed_at IS NOT NULL AND (NEW.closed_at IS DISTINCT FROM OLD.closed_at OR NEW.stopped_at IS NULL))
  EXECUTE FUNCTION operator_stays_closed();

-- A key may be changed by those who may make such a key. What it never becomes stays in its own constraint: author and approver at once.
GRANT UPDATE (scopes, mailbox_ids, expires_at) ON api_key TO multimail_app;
