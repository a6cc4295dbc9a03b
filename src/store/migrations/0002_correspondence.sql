-- Correspondence: received mail, threads, feedback on what was sent, domains of one's own, search, quotas.

-- Gives text columns to GIN, so that search is always within an operator and a mailbox. Trusted: its owner may create it.
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- ---------------------------------------------------------------------------------------------------------------
-- Tables

-- Null quota: the instance's. A paused mailbox sends nothing until a person resumes it; its mail waits.
ALTER TABLE mailbox
  ADD daily_quota integer CHECK (daily_quota BETWEEN 1 AND 1000000),
  ADD warm_up_started_at timestamptz,
  ADD paused_at timestamptz,
  ADD paused_reason text,
  -- What the outbound scan does by family of findings; absent families are as usual.
  ADD scan_policy jsonb NOT NULL DEFAULT '{}';

-- kind: what an inbound message is. screening: what screening (inbound) or the scan (outbound) found.
ALTER TABLE message
  ADD from_name text,
  ADD kind text NOT NULL DEFAULT 'mail' CHECK (kind IN ('mail', 'auto_reply', 'bounce', 'complaint', 'report')),
  ADD in_reply_to text,
  ADD reply_of text,
  ADD authentication jsonb,
  ADD screening jsonb,
  ADD user_label text,
  ADD complained_at timestamptz,
  ADD unsubscribed_at timestamptz;

-- Of received mail: the text as a person reads it, and what its writer wrote now, without quotation and signature.
ALTER TABLE message_content
  ADD body_text text CHECK (octet_length(body_text) <= 67108864),
  ADD new_text text CHECK (octet_length(new_text) <= 67108864);

CREATE INDEX message_by_thread ON message (operator_id, mailbox_id, thread_id, message_id);
CREATE INDEX message_inbound ON message (operator_id, mailbox_id, message_id) WHERE direction = 'inbound';
-- Agents ask for what is unread, people for what is held or flagged, however much else there is.
CREATE INDEX message_inbound_status ON message (operator_id, mailbox_id, status, message_id) WHERE direction = 'inbound';
CREATE INDEX message_inbound_all ON message (operator_id, status, message_id) WHERE direction = 'inbound' AND status NOT IN ('read', 'archived', 'deleted');
CREATE INDEX message_inbound_by_rfc_id ON message (operator_id, rfc_message_id) WHERE direction = 'inbound';

-- Mail that was answered with 250 and is not opened up yet. A row of kind `receive` in `due` says that it waits.
CREATE TABLE inbound (
  operator_id   text NOT NULL REFERENCES operator,
  inbound_id    text NOT NULL,
  envelope_from text NOT NULL,
  envelope_to   text[] NOT NULL CHECK (cardinality(envelope_to) > 0),
  raw           bytea NOT NULL CHECK (octet_length(raw) <= 67108864),
  session       jsonb NOT NULL,
  attempts      smallint NOT NULL DEFAULT 0,
  received_at   timestamptz NOT NULL,
  PRIMARY KEY (operator_id, inbound_id)
) WITH (toast_tuple_target = 8160);
ALTER TABLE inbound ALTER COLUMN raw SET STORAGE EXTERNAL;

-- What each mailbox has: the same Message-ID with the same content comes once, however often it is sent.
CREATE TABLE inbound_seen (
  operator_id text NOT NULL,
  mailbox_id  text NOT NULL,
  fingerprint bytea NOT NULL,
  message_id  text NOT NULL,
  received_at timestamptz NOT NULL,
  PRIMARY KEY (operator_id, mailbox_id, fingerprint)
);

-- A projection of messages, and the lock by which an agent or a person takes a thread for themselves.
CREATE TABLE thread (
  operator_id     text NOT NULL,
  mailbox_id      text NOT NULL,
  thread_id       text NOT NULL,
  subject         text NOT NULL,
  last_message_id text NOT NULL,
  last_inbound_id text,
  owner           text CHECK (owner IN ('agent', 'human')),
  owner_by        text,
  owner_at        timestamptz,
  created_at      timestamptz NOT NULL,
  PRIMARY KEY (operator_id, mailbox_id, thread_id),
  FOREIGN KEY (operator_id, mailbox_id) REFERENCES mailbox
);
CREATE INDEX thread_by_time ON thread (operator_id, mailbox_id, last_message_id);

CREATE TABLE message_search (
  operator_id text NOT NULL,
  message_id  text NOT NULL,
  mailbox_id  text NOT NULL,
  tsv         tsvector NOT NULL,
  PRIMARY KEY (operator_id, message_id)
);
CREATE INDEX message_search_tsv ON message_search USING gin (operator_id, mailbox_id, tsv);

ALTER TABLE suppression
  ADD note text,
  ADD created_by text NOT NULL DEFAULT 'system:recipient',
  ADD expires_at timestamptz;

CREATE TABLE contact (
  operator_id text NOT NULL REFERENCES operator,
  contact_id  text NOT NULL,
  email       text NOT NULL CHECK (email = lower(email)),
  name        text,
  metadata    jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, contact_id),
  UNIQUE (operator_id, email)
);

-- Many may ask for a name; one proves by DNS that it is theirs.
ALTER TABLE domain DROP CONSTRAINT domain_name_key;
ALTER TABLE domain
  ADD domain_id text,
  -- The instance's own: its records are the host's business.
  ADD instance boolean NOT NULL DEFAULT false,
  ADD checks jsonb NOT NULL DEFAULT '[]',
  ADD checked_at timestamptz;
UPDATE domain SET instance = true WHERE verified_at IS NOT NULL;
CREATE UNIQUE INDEX domain_verified ON domain (name) WHERE verified_at IS NOT NULL;

-- pending: made, and not seen in DNS yet.
ALTER TABLE signing_key DROP CONSTRAINT signing_key_status_check;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_status_check CHECK (status IN ('pending', 'active', 'retired', 'revoked'));

-- Aggregate reports of others about a domain: DMARC (RFC 7489) and TLS (RFC 8460).
CREATE TABLE aggregate_report (
  operator_id  text NOT NULL REFERENCES operator,
  report_id    text NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('dmarc', 'tls')),
  domain       text NOT NULL,
  organisation text NOT NULL,
  external_id  text NOT NULL,
  begins_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  summary      jsonb NOT NULL,
  received_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, report_id),
  UNIQUE (operator_id, kind, domain, organisation, external_id)
);

-- What a mailbox handed to the wire on a day (UTC), and what came back: quota, warm-up and reputation are read from it.
CREATE TABLE mailbox_day (
  operator_id text NOT NULL,
  mailbox_id  text NOT NULL,
  day         date NOT NULL,
  handed      integer NOT NULL DEFAULT 0,
  bounced     integer NOT NULL DEFAULT 0,
  complained  integer NOT NULL DEFAULT 0,
  PRIMARY KEY (operator_id, mailbox_id, day)
);

-- MTA-STS policies of others (RFC 8461): the instance's cache, nobody's data.
CREATE TABLE sts_policy (
  domain     text PRIMARY KEY,
  policy     jsonb NOT NULL,
  fetched_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

-- message_id is the id of whatever is due: a message, an inbound row, a domain.
ALTER TABLE due DROP CONSTRAINT due_kind_check;
ALTER TABLE due ADD CONSTRAINT due_kind_check
  CHECK (kind IN ('deliver', 'release', 'expire', 'receive', 'index', 'verify_domain'));
-- Mail of the release before becomes findable too, and has its threads.
INSERT INTO due (operator_id, kind, message_id, due_at) SELECT operator_id, 'index', message_id, now() FROM message;

-- ---------------------------------------------------------------------------------------------------------------
-- What the database refuses

-- The envelope is part of the digest: who is written to changes only with it, before anybody may have decided.
CREATE OR REPLACE FUNCTION recipient_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.operator_id <> OLD.operator_id OR NEW.message_id <> OLD.message_id OR NEW.position <> OLD.position
       OR NEW.kind <> OLD.kind OR NEW.address <> OLD.address OR NEW.name IS DISTINCT FROM OLD.name THEN
      RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF NOT EXISTS (SELECT 1 FROM public.message m WHERE m.operator_id = OLD.operator_id AND m.message_id = OLD.message_id
                   AND m.direction = 'outbound' AND NOT m.handed AND m.status IN ('draft', 'pending_scan')) THEN
      RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
  END IF;
  -- A message written by the same statement is not seen here yet: submission writes both at once.
  IF EXISTS (SELECT 1 FROM public.message m WHERE m.operator_id = NEW.operator_id AND m.message_id = NEW.message_id
             AND m.direction = 'outbound' AND m.status NOT IN ('draft', 'pending_scan')) THEN
    RAISE EXCEPTION 'recipients of message % are fixed', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  -- The gate does not ask about the overseer's copy, so nobody else may pass for it.
  IF NEW.kind = 'copy' THEN
    IF NOT EXISTS (
      SELECT 1 FROM public.operator o WHERE o.operator_id = NEW.operator_id AND lower(o.oversight_address) = lower(NEW.address)) THEN
      RAISE EXCEPTION 'message % copies somebody who is no overseer', NEW.message_id USING ERRCODE = 'restrict_violation';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER recipient_guard ON recipient;
CREATE TRIGGER recipient_guard BEFORE INSERT OR UPDATE OR DELETE ON recipient FOR EACH ROW EXECUTE FUNCTION recipient_guard();

-- What was received stays as it came: its status, label and tags move, its words do not.
CREATE FUNCTION inbound_message_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.digest <> OLD.digest OR NEW.subject <> OLD.subject OR NEW.size_bytes <> OLD.size_bytes OR NEW.attachments <> OLD.attachments
     OR NEW.thread_id <> OLD.thread_id OR NEW.kind <> OLD.kind OR NEW.authentication IS DISTINCT FROM OLD.authentication
     OR NEW.handed OR NEW.attempts <> 0 OR NEW.from_name IS DISTINCT FROM OLD.from_name
     OR NEW.status NOT IN ('pending_inbound_approval', 'unread', 'read', 'archived', 'deleted', 'rejected', 'spam_flagged', 'spam_quarantined')
     -- Held mail becomes visible by a person's release, and what a person refused stays refused.
     OR OLD.status = 'rejected' AND NEW.status <> 'rejected' THEN
    RAISE EXCEPTION 'received message % cannot change so', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER inbound_message_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (OLD.direction = 'inbound') EXECUTE FUNCTION inbound_message_guard();

-- A thread's messages keep their thread.
CREATE FUNCTION outbound_thread_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.thread_id <> OLD.thread_id OR NEW.reply_of IS DISTINCT FROM OLD.reply_of OR NEW.in_reply_to IS DISTINCT FROM OLD.in_reply_to THEN
    RAISE EXCEPTION 'message % keeps its thread', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER outbound_thread_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (OLD.direction = 'outbound') EXECUTE FUNCTION outbound_thread_guard();

-- As before, but a suppression may end. Whoever suppresses locks the mailbox or the operator first (engine/suppression), so that
-- no hand-off is between this look and its commit when the suppression has been answered.
CREATE OR REPLACE FUNCTION handoff_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  m public.message;
  box_mode text;
  stopped boolean;
  paused boolean;
  overseer text;
  refused boolean;
  rank integer;
  gated boolean;
BEGIN
  -- An older snapshot would not see what was suppressed or voided since.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'handoff: only in a transaction that reads what is committed' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT * INTO m FROM public.message WHERE operator_id = NEW.operator_id AND message_id = NEW.message_id FOR NO KEY UPDATE;
  IF m IS NULL OR m.direction <> 'outbound' THEN
    RAISE EXCEPTION 'handoff: no such message' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT b.mode, b.paused_at IS NOT NULL INTO box_mode, paused FROM public.mailbox b WHERE b.operator_id = m.operator_id AND b.mailbox_id = m.mailbox_id FOR SHARE;
  SELECT o.stopped_at IS NOT NULL, lower(o.oversight_address) INTO stopped, overseer
    FROM public.operator o WHERE o.operator_id = m.operator_id FOR SHARE;
  rank := least(public.mode_rank(m.mode), public.mode_rank(box_mode));
  IF m.status <> 'queued' OR m.test OR m.digest <> NEW.digest OR NEW.attempt <> m.attempts + 1 OR rank < 1
     OR stopped IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'handoff of message % refused: status %, test %, mode %, stopped %', m.message_id, m.status, m.test, rank, stopped
      USING ERRCODE = 'restrict_violation';
  END IF;
  -- A mailbox that is paused sends nothing, whatever the application does.
  IF paused IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'handoff of message % refused: its mailbox is paused', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT coalesce(bool_or(EXISTS (SELECT 1 FROM public.suppression s WHERE s.operator_id = r.operator_id
           AND s.address = lower(r.address) AND s.mailbox_id IN ('', m.mailbox_id)
           AND (s.expires_at IS NULL OR s.expires_at > now()))), true) INTO refused
    FROM public.recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id AND r.status IN ('pending', 'deferred');
  IF refused THEN
    RAISE EXCEPTION 'handoff of message % refused: a recipient is suppressed, or nobody is left', m.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  gated := m.gated OR rank <= 1;
  IF NOT gated AND rank = 2 THEN
    SELECT NOT coalesce(bool_and(EXISTS (SELECT 1 FROM public.allowlist_entry a
             WHERE a.operator_id = m.operator_id AND a.mailbox_id = m.mailbox_id
             AND (lower(a.pattern) = lower(r.address)
                  OR (left(a.pattern, 2) = '*@' AND lower(substring(a.pattern FROM 3)) = lower(substring(r.address FROM '[^@]*$')))))), false) INTO gated
      FROM public.recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id AND r.kind <> 'copy';
  END IF;
  -- Monitored mail goes with its overseer among those who get it, or a person looks first.
  IF NOT gated AND rank = 3 THEN
    gated := NOT EXISTS (SELECT 1 FROM public.recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id
                         AND r.status <> 'suppressed' AND (r.kind = 'copy' OR lower(r.address) = overseer));
  END IF;
  IF gated AND (SELECT count(DISTINCT d.principal) FROM public.decision d
      WHERE d.operator_id = m.operator_id AND d.message_id = m.message_id AND d.decision = 'approve'
      AND d.digest = NEW.digest AND d.voided_at IS NULL AND NOT d.principal = ANY (m.authors)) < m.required THEN
    RAISE EXCEPTION 'handoff of message % refused: it needs % approval(s) of digest %', m.message_id, m.required, NEW.digest USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants, grants

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['inbound', 'inbound_seen', 'thread', 'message_search', 'contact', 'aggregate_report', 'mailbox_day'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO multimail_app', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON sts_policy TO multimail_app;
GRANT DELETE ON inbound, contact, domain, recipient, message_search TO multimail_app;
REVOKE UPDATE ON inbound_seen, aggregate_report FROM multimail_app;

-- `@@` is not leakproof, so behind row-level security it could not use the index. This looks for it as the tables' owner and
-- asks for the tenant itself. Newest first; `mailboxes` null is all of the operator. The statement is planned for each call: a
-- rare word is looked up in the index, a word that most mail has is met soonest going back in time.
CREATE FUNCTION search_messages(of_operator text, mailboxes text[], query tsquery, before_id text, after_id text, at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF of_operator IS DISTINCT FROM current_setting('multimail.operator', true) THEN
    RAISE EXCEPTION 'search_messages: another operator' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY EXECUTE
    'SELECT s.message_id FROM public.message_search s WHERE s.operator_id = $1 AND s.tsv @@ $3'
    || CASE WHEN mailboxes IS NULL THEN '' WHEN cardinality(mailboxes) = 1 THEN ' AND s.mailbox_id = $2[1]' ELSE ' AND s.mailbox_id = ANY ($2)' END
    || CASE WHEN before_id IS NULL THEN '' ELSE ' AND s.message_id < $4' END
    || CASE WHEN after_id IS NULL THEN '' ELSE ' AND s.message_id > $5' END
    || ' ORDER BY s.message_id DESC LIMIT $6'
    USING of_operator, mailboxes, query, before_id, after_id, at_most;
END $$;
REVOKE ALL ON FUNCTION search_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_messages TO multimail_app;
