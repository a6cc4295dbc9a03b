-- Delivery: how long a message is tried, destinations that are paused, what was said on the wire, results of TLS for reports.

-- Seconds after the first attempt beyond which delivery is given up; null: as long as the retry schedule goes.
ALTER TABLE message ADD give_up_seconds integer CHECK (give_up_seconds BETWEEN 60 AND 432000);

-- Domains to which an operator's mail waits until somebody lets it go on.
CREATE TABLE destination_pause (
  operator_id text NOT NULL REFERENCES operator,
  domain      text NOT NULL CHECK (domain = lower(domain)),
  reason      text,
  paused_by   text NOT NULL,
  paused_at   timestamptz NOT NULL,
  PRIMARY KEY (operator_id, domain)
);

-- What was said on the wire in one attempt for one recipient, without the message and without secrets. Kept for 30 days.
CREATE TABLE delivery_transcript (
  operator_id text NOT NULL REFERENCES operator,
  message_id  text NOT NULL,
  attempt     smallint NOT NULL,
  position    smallint NOT NULL,
  at          timestamptz NOT NULL,
  transcript  text NOT NULL CHECK (octet_length(transcript) <= 65536),
  PRIMARY KEY (operator_id, message_id, attempt, position)
);
CREATE INDEX delivery_transcript_by_time ON delivery_transcript (at);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['destination_pause', 'delivery_transcript'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO multimail_app', t);
  END LOOP;
END $$;
-- Holding mail back locks the pause that it goes by, and nobody changes one.
GRANT UPDATE (domain) ON destination_pause TO multimail_app;

-- What TLS came to in sessions with others' mail hosts, for the reports that their domains ask for (RFC 8460). The instance's, and
-- nobody's data: it says nothing about messages. Kept for 14 days.
CREATE TABLE tls_result (
  day         date NOT NULL,
  domain      text NOT NULL,
  fingerprint bytea NOT NULL,
  detail      jsonb NOT NULL,
  sessions    bigint NOT NULL,
  PRIMARY KEY (day, domain, fingerprint)
);
-- One row for each report that is to be sent, or was.
CREATE TABLE tls_report (
  day      date NOT NULL,
  domain   text NOT NULL,
  due_at   timestamptz NOT NULL,
  attempts smallint NOT NULL DEFAULT 0,
  done_at  timestamptz,
  outcome  text,
  PRIMARY KEY (day, domain)
);
CREATE INDEX tls_report_due ON tls_report (due_at) WHERE done_at IS NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON tls_result, tls_report TO multimail_app;
