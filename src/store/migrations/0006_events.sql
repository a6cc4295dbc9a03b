-- Events in an order that readers can rely on; webhooks that are told of them.

-- seq is drawn inside the transaction, so an event that another one depends on always has the lower one. position is given after
-- the commit, one after the other: whoever has read up to a position has missed nothing before it.
CREATE SEQUENCE event_seq;
ALTER TABLE event ADD seq bigint NOT NULL DEFAULT nextval('event_seq');
ALTER TABLE event ADD position bigint;
CREATE INDEX event_unpublished ON event (operator_id, seq) WHERE position IS NULL;
CREATE UNIQUE INDEX event_by_position ON event (operator_id, position) WHERE position IS NOT NULL;
CREATE INDEX event_received ON event (operator_id, mailbox_id, position) WHERE type = 'message.received';
CREATE INDEX event_received_message ON event (operator_id, message_id) WHERE type = 'message.received';
REVOKE UPDATE ON event FROM multimail_app;
GRANT UPDATE (position) ON event TO multimail_app;
GRANT DELETE ON event TO multimail_app;
GRANT USAGE ON SEQUENCE event_seq TO multimail_app;

-- How far the events of an operator are published, and up to where they were deleted again.
CREATE TABLE event_head (
  operator_id text PRIMARY KEY REFERENCES operator,
  position    bigint NOT NULL DEFAULT 0,
  pruned      bigint NOT NULL DEFAULT 0
);

-- Who is told. mailbox_id null: of all mailboxes. origin: made by a call, or the webhook_url or oversight_webhook_url of a mailbox.
CREATE TABLE webhook (
  operator_id     text NOT NULL REFERENCES operator,
  webhook_id      text NOT NULL,
  origin          text NOT NULL CHECK (origin IN ('api', 'mailbox', 'oversight')),
  mailbox_id      text,
  url             text NOT NULL,
  description     text,
  events          text[] NOT NULL CHECK (cardinality(events) BETWEEN 1 AND 100),
  ordered         boolean NOT NULL DEFAULT false,
  sealed_secret   bytea NOT NULL,
  -- Signs too until then.
  old_secret      bytea,
  old_until       timestamptz,
  paused_at       timestamptz,
  paused_by       text,
  paused_reason   text,
  -- Since when no delivery has succeeded though some were tried; failures counts them.
  failing_since   timestamptz,
  failures        integer NOT NULL DEFAULT 0,
  last_success_at timestamptz,
  last_failure_at timestamptz,
  created_by      text NOT NULL,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  PRIMARY KEY (operator_id, webhook_id),
  CHECK (origin = 'api' OR mailbox_id IS NOT NULL)
);
CREATE UNIQUE INDEX webhook_of_mailbox ON webhook (operator_id, mailbox_id, origin) WHERE origin <> 'api';
ALTER TABLE mailbox ADD webhook_url text;
ALTER TABLE mailbox ADD oversight_webhook_url text;

-- One event for one subscriber. event_type is in the spelling that the subscriber asked for.
CREATE TABLE webhook_delivery (
  operator_id  text NOT NULL,
  delivery_id  text NOT NULL,
  webhook_id   text NOT NULL,
  event_id     text NOT NULL,
  event_type   text NOT NULL,
  position     bigint NOT NULL,
  mailbox_id   text,
  thread_id    text,
  status       text NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
  attempts     integer NOT NULL DEFAULT 0,
  -- Attempts of the present round: it begins anew when somebody has it delivered again.
  tries        integer NOT NULL DEFAULT 0,
  first_try_at timestamptz,
  due_at       timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (operator_id, delivery_id),
  FOREIGN KEY (operator_id, webhook_id) REFERENCES webhook ON DELETE CASCADE,
  -- What is told of is kept as long as the event.
  FOREIGN KEY (operator_id, event_id) REFERENCES event ON DELETE CASCADE
);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (operator_id, event_id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (operator_id, webhook_id, due_at) WHERE status = 'pending';
CREATE INDEX webhook_delivery_order ON webhook_delivery (operator_id, webhook_id, thread_id, position) WHERE status = 'pending';
CREATE INDEX webhook_delivery_by_webhook ON webhook_delivery (operator_id, webhook_id, delivery_id);
CREATE INDEX webhook_delivery_dead ON webhook_delivery (operator_id, delivery_id) WHERE status = 'dead';

CREATE TABLE webhook_attempt (
  operator_id      text NOT NULL,
  delivery_id      text NOT NULL,
  attempt          integer NOT NULL,
  at               timestamptz NOT NULL,
  duration_ms      integer NOT NULL,
  url              text NOT NULL,
  request_headers  jsonb NOT NULL,
  status           integer,
  response_headers jsonb,
  response_body    text CHECK (octet_length(response_body) <= 16384),
  error            text,
  PRIMARY KEY (operator_id, delivery_id, attempt),
  FOREIGN KEY (operator_id, delivery_id) REFERENCES webhook_delivery ON DELETE CASCADE
);

-- The queue has one row for a webhook with anything to deliver: whoever claims it is the only one who calls that target.
DO $$
DECLARE kinds text;
BEGIN
  SELECT pg_get_constraintdef(oid) INTO kinds FROM pg_constraint WHERE conrelid = 'due'::regclass AND conname = 'due_kind_check';
  EXECUTE 'ALTER TABLE due DROP CONSTRAINT due_kind_check';
  EXECUTE 'ALTER TABLE due ADD CONSTRAINT due_kind_check ' || regexp_replace(kinds, '\ACHECK \((.*)\)\Z', 'CHECK ((\1) OR kind = ''webhook'')');
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['event_head', 'webhook', 'webhook_delivery', 'webhook_attempt'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO multimail_app', t);
  END LOOP;
END $$;
REVOKE UPDATE ON webhook_attempt FROM multimail_app;
