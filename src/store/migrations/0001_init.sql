-- The first schema. operator_id stands first in every key, so that one operator's rows lie together and can be
-- distributed by operator later. Ids are made by us. What must never happen is refused here, whatever the
-- application does: see the functions that follow the tables, message_guard and handoff_guard above all.

CREATE TABLE operator (
  operator_id       text PRIMARY KEY,
  slug              text NOT NULL UNIQUE,
  name              text NOT NULL,
  postal_address    text NOT NULL,
  oversight_address text,
  stopped_at        timestamptz,
  created_at        timestamptz NOT NULL
);

CREATE TABLE domain (
  operator_id text NOT NULL REFERENCES operator,
  name        text NOT NULL UNIQUE,
  verified_at timestamptz,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, name)
);

-- Private halves are sealed with the instance's master key (AES-256-GCM) before they come here.
CREATE TABLE signing_key (
  operator_id    text NOT NULL REFERENCES operator,
  key_id         text NOT NULL,
  purpose        text NOT NULL CHECK (purpose IN ('log', 'identity', 'dkim')),
  algorithm      text NOT NULL CHECK (algorithm IN ('ed25519', 'es256', 'rsa2048')),
  domain         text,
  selector       text,
  public_key     bytea NOT NULL,
  sealed_private bytea NOT NULL,
  status         text NOT NULL CHECK (status IN ('active', 'retired', 'revoked')),
  not_before     timestamptz NOT NULL,
  expires_at     timestamptz,
  PRIMARY KEY (operator_id, key_id)
);

CREATE TABLE person (
  operator_id text NOT NULL REFERENCES operator,
  person_id   text NOT NULL,
  name        text NOT NULL,
  email       text NOT NULL,
  role        text NOT NULL CHECK (role IN ('owner', 'admin', 'approver', 'auditor')),
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, person_id)
);

CREATE TABLE sign_in_link (
  operator_id text NOT NULL,
  token_hash  bytea NOT NULL UNIQUE,
  person_id   text NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  PRIMARY KEY (operator_id, token_hash),
  FOREIGN KEY (operator_id, person_id) REFERENCES person
);

CREATE TABLE session (
  operator_id  text NOT NULL,
  session_id   text NOT NULL,
  token_hash   bytea NOT NULL UNIQUE,
  csrf_token   text NOT NULL,
  person_id    text NOT NULL,
  created_at   timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (operator_id, session_id),
  FOREIGN KEY (operator_id, person_id) REFERENCES person
);

CREATE TABLE api_key (
  operator_id  text NOT NULL REFERENCES operator,
  key_id       text NOT NULL,
  name         text NOT NULL,
  token_hash   bytea NOT NULL UNIQUE,
  prefix       text NOT NULL,
  scopes       text[] NOT NULL CHECK (NOT scopes @> ARRAY['send', 'oversight']),
  mailbox_ids  text[],
  test         boolean NOT NULL,
  person_id    text,
  created_by   text NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  PRIMARY KEY (operator_id, key_id)
);

CREATE TABLE mailbox (
  operator_id        text NOT NULL REFERENCES operator,
  mailbox_id         text NOT NULL,
  address            text NOT NULL UNIQUE,
  display_name       text,
  mode               text NOT NULL,
  approvals_required smallint NOT NULL CHECK (approvals_required BETWEEN 1 AND 5),
  expiry_seconds     integer NOT NULL CHECK (expiry_seconds BETWEEN 60 AND 7776000),
  undo_seconds       integer NOT NULL CHECK (undo_seconds BETWEEN 0 AND 3600),
  ai_disclosure      boolean NOT NULL,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL,
  PRIMARY KEY (operator_id, mailbox_id)
);

CREATE TABLE allowlist_entry (
  operator_id  text NOT NULL,
  mailbox_id   text NOT NULL,
  entry_id     text NOT NULL,
  pattern      text NOT NULL,
  confirmed_by text NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (operator_id, mailbox_id, entry_id),
  FOREIGN KEY (operator_id, mailbox_id) REFERENCES mailbox
);

-- mailbox_id '' stands for all mailboxes of the operator.
CREATE TABLE suppression (
  operator_id text NOT NULL,
  address     text NOT NULL CHECK (address = lower(address)),
  mailbox_id  text NOT NULL,
  reason      text NOT NULL,
  message_id  text,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, address, mailbox_id)
);

CREATE TABLE message (
  operator_id      text NOT NULL,
  message_id       text NOT NULL,
  mailbox_id       text NOT NULL,
  direction        text NOT NULL CHECK (direction IN ('outbound', 'inbound')),
  status           text NOT NULL,
  mode             text NOT NULL,
  test             boolean NOT NULL,
  required         smallint NOT NULL CHECK (required BETWEEN 1 AND 5),
  timing           text NOT NULL CHECK (timing IN ('gate_first', 'schedule_first')),
  gated            boolean NOT NULL,
  handed           boolean NOT NULL,
  authors          text[] NOT NULL CHECK (cardinality(authors) > 0),
  author_kind      text NOT NULL,
  author_id        text NOT NULL,
  digest           text NOT NULL,
  attempts         smallint NOT NULL DEFAULT 0,
  first_attempt_at timestamptz,
  thread_id        text NOT NULL,
  rfc_message_id   text NOT NULL,
  from_address     text NOT NULL,
  subject          text NOT NULL,
  size_bytes       integer NOT NULL,
  attachments      jsonb NOT NULL,
  tags             jsonb NOT NULL,
  metadata         jsonb NOT NULL,
  reason           text,
  send_at          timestamptz,
  expires_at       timestamptz,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (operator_id, message_id)
);
CREATE INDEX message_by_mailbox ON message (operator_id, mailbox_id, message_id);
CREATE INDEX message_pending ON message (operator_id, message_id) WHERE status = 'pending_approval';

CREATE TABLE message_content (
  operator_id text NOT NULL,
  message_id  text NOT NULL,
  -- 64 MiB each: nothing that a reader could not hold.
  mime        bytea NOT NULL CHECK (octet_length(mime) <= 67108864),
  markdown    text NOT NULL CHECK (octet_length(markdown) <= 67108864),
  PRIMARY KEY (operator_id, message_id)
) WITH (toast_tuple_target = 8160);
-- Stored as it came: compressing mail in the hot path costs more than it saves.
ALTER TABLE message_content ALTER COLUMN mime SET STORAGE EXTERNAL;

CREATE TABLE recipient (
  operator_id text NOT NULL,
  message_id  text NOT NULL,
  position    smallint NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('to', 'cc', 'bcc', 'copy')),
  address     text NOT NULL,
  name        text,
  status      text NOT NULL CHECK (status IN ('pending', 'deferred', 'sent', 'delivered', 'bounced', 'failed', 'suppressed')),
  attempts    smallint NOT NULL DEFAULT 0,
  receipt     jsonb,
  PRIMARY KEY (operator_id, message_id, position)
);

CREATE TABLE decision (
  operator_id   text NOT NULL,
  decision_id   text NOT NULL,
  message_id    text NOT NULL,
  decision      text NOT NULL CHECK (decision IN ('approve', 'reject', 'revise')),
  digest        text NOT NULL,
  principal     text NOT NULL,
  credential_id text NOT NULL,
  person_id     text,
  decided_by    text NOT NULL,
  class         text NOT NULL CHECK (class IN ('A', 'B', 'C')),
  reason        text,
  statement     bytea NOT NULL,
  envelope      jsonb NOT NULL,
  entry_id      text NOT NULL,
  leaf_hash     bytea NOT NULL,
  created_at    timestamptz NOT NULL,
  voided_at     timestamptz,
  PRIMARY KEY (operator_id, decision_id),
  FOREIGN KEY (operator_id, message_id) REFERENCES message,
  -- Two keys of one person are one principal (core/actor).
  CHECK (principal = CASE WHEN person_id IS NULL THEN 'key:' || credential_id ELSE 'person:' || person_id END)
);
-- One standing approval a principal; who approved may still reject or send back.
CREATE UNIQUE INDEX decision_once ON decision (operator_id, message_id, principal, digest)
  WHERE decision = 'approve' AND voided_at IS NULL;

-- One row each time a message is handed to the wire. Inserting it is the permission to send; its log entry is written
-- in the same transaction, or there is no hand-off.
CREATE TABLE handoff (
  operator_id text NOT NULL,
  message_id  text NOT NULL,
  attempt     smallint NOT NULL,
  digest      text NOT NULL,
  entry_id    text NOT NULL,
  handed_at   timestamptz NOT NULL,
  PRIMARY KEY (operator_id, message_id, attempt)
);

-- What has to be done when: the only queue. due_at is moved ahead by the lease when a worker claims a row,
-- so a crash leaves a row that comes due again; token fences off a worker whose lease has passed.
CREATE SEQUENCE due_token;
CREATE TABLE due (
  operator_id text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('deliver', 'release', 'expire')),
  message_id  text NOT NULL,
  due_at      timestamptz NOT NULL,
  token       bigint NOT NULL DEFAULT 0,
  node        text,
  PRIMARY KEY (operator_id, kind, message_id)
);
CREATE INDEX due_by_time ON due (kind, due_at);

CREATE TABLE idempotency (
  operator_id text NOT NULL,
  mailbox_id  text NOT NULL,
  key         text NOT NULL,
  fingerprint text NOT NULL,
  message_id  text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, mailbox_id, key)
);

-- The outbox that webhooks, streams and waiting calls will be fed from.
CREATE TABLE event (
  operator_id text NOT NULL,
  event_id    text NOT NULL,
  type        text NOT NULL,
  mailbox_id  text,
  message_id  text,
  thread_id   text,
  data        jsonb NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (operator_id, event_id)
);

-- The audit log. An entry is written in the transaction of its change; the sequencer gives it an index later.
CREATE TABLE log_entry (
  operator_id text NOT NULL,
  entry_id    text NOT NULL,
  type        text NOT NULL,
  actor_kind  text NOT NULL,
  actor_id    text NOT NULL,
  resource    text,
  mailbox_id  text,
  thread_id   text,
  at          timestamptz NOT NULL,
  body        bytea NOT NULL,
  PRIMARY KEY (operator_id, entry_id)
) WITH (toast_tuple_target = 8160);
CREATE INDEX log_entry_by_resource ON log_entry (operator_id, resource, entry_id);

-- seq is drawn inside the transaction, so an entry that another one depends on always has the lower one.
CREATE SEQUENCE log_seq;
CREATE TABLE log_pending (
  operator_id text NOT NULL,
  seq         bigint NOT NULL DEFAULT nextval('log_seq'),
  entry_id    text NOT NULL,
  PRIMARY KEY (operator_id, seq)
);

CREATE TABLE log_head (
  operator_id text PRIMARY KEY REFERENCES operator,
  origin      text NOT NULL,
  size        bigint NOT NULL
);

CREATE TABLE log_index (
  operator_id text NOT NULL,
  idx         bigint NOT NULL,
  entry_id    text NOT NULL,
  leaf_hash   bytea NOT NULL,
  PRIMARY KEY (operator_id, idx),
  UNIQUE (operator_id, entry_id)
);

CREATE TABLE log_tile (
  operator_id text NOT NULL,
  level       smallint NOT NULL,
  n           bigint NOT NULL,
  hashes      bytea NOT NULL,
  PRIMARY KEY (operator_id, level, n)
);

CREATE TABLE log_checkpoint (
  operator_id text NOT NULL,
  size        bigint NOT NULL,
  note        text NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (operator_id, size)
);

-- What the commitments of an entry hide, sealed under a key per data subject. Deleting the key or the row erases.
CREATE TABLE subject_key (
  operator_id text NOT NULL,
  subject_id  text NOT NULL,
  wrapped     bytea NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, subject_id)
);
CREATE TABLE log_opening (
  operator_id text NOT NULL,
  entry_id    text NOT NULL,
  subject_id  text NOT NULL,
  sealed      bytea NOT NULL,
  PRIMARY KEY (operator_id, entry_id, subject_id)
);

-- ---------------------------------------------------------------------------------------------------------------
-- What the database refuses
--
-- It takes nobody's word where it can look: statuses move only as the machine moves them, wire statuses only behind a
-- hand-off, a hand-off only behind what the stricter of two modes asks for. What it cannot know stands in SECURITY.md.
-- Tables are named with their schema: a temporary table of the same name would otherwise come first.

CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['log_entry', 'log_index', 'log_checkpoint', 'handoff'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION log_is_append_only()', t);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only()', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['decision', 'log_tile', 'log_head', 'message', 'message_content', 'recipient', 'log_pending'] LOOP
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only()', t);
  END LOOP;
  FOREACH t IN ARRAY ARRAY['decision', 'log_tile', 'log_head'] LOOP
    EXECUTE format('CREATE TRIGGER no_delete BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION log_is_append_only()', t);
  END LOOP;
END $$;

CREATE FUNCTION log_head_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.size < OLD.size OR NEW.origin <> OLD.origin OR NEW.operator_id <> OLD.operator_id THEN
    RAISE EXCEPTION 'log_head only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_head_guard BEFORE UPDATE ON log_head FOR EACH ROW EXECUTE FUNCTION log_head_guard();

-- A tile only grows.
CREATE FUNCTION log_tile_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF length(NEW.hashes) < length(OLD.hashes) OR substring(NEW.hashes FROM 1 FOR length(OLD.hashes)) <> OLD.hashes
     OR (NEW.operator_id, NEW.level, NEW.n) IS DISTINCT FROM (OLD.operator_id, OLD.level, OLD.n) THEN
    RAISE EXCEPTION 'log_tile only grows' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER log_tile_guard BEFORE UPDATE ON log_tile FOR EACH ROW EXECUTE FUNCTION log_tile_guard();

-- A decision may be voided, once; nothing else of it changes.
CREATE FUNCTION decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.voided_at IS NOT NULL OR NEW.voided_at IS NULL
     OR (to_jsonb(NEW) - 'voided_at') IS DISTINCT FROM (to_jsonb(OLD) - 'voided_at') THEN
    RAISE EXCEPTION 'a decision can only be voided, once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER decision_guard BEFORE UPDATE ON decision FOR EACH ROW EXECUTE FUNCTION decision_guard();

-- The author never decides; who decides is a person or a key with oversight of this operator; and a decision is about
-- the content as it stands, while it is pending.
CREATE FUNCTION decision_insert_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE m public.message;
BEGIN
  SELECT * INTO m FROM public.message WHERE operator_id = NEW.operator_id AND message_id = NEW.message_id FOR NO KEY UPDATE;
  IF m IS NULL OR m.digest <> NEW.digest OR m.status <> 'pending_approval' OR NEW.principal = ANY (m.authors) THEN
    RAISE EXCEPTION 'decision refused for message %', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.person_id IS NULL
     AND NOT EXISTS (SELECT 1 FROM public.api_key k WHERE k.operator_id = NEW.operator_id AND k.key_id = NEW.credential_id
                     AND 'oversight' = ANY (k.scopes))
     OR NEW.person_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM public.person p WHERE p.operator_id = NEW.operator_id AND p.person_id = NEW.person_id) THEN
    RAISE EXCEPTION 'decision refused for message %: % may not decide', NEW.message_id, NEW.principal USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER decision_insert_guard BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION decision_insert_guard();

-- No decision without its leaf. Looked at when the transaction ends, since entries are written last.
CREATE FUNCTION decision_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.log_entry e WHERE e.operator_id = NEW.operator_id AND e.entry_id = NEW.entry_id
                 AND e.resource = NEW.message_id AND e.type = 'message.decided') THEN
    RAISE EXCEPTION 'decision refused for message %: it is not in the log', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER decision_is_logged AFTER INSERT ON decision DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION decision_is_logged();

CREATE FUNCTION mode_rank(mode text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(array_position(ARRAY['read_only', 'gated_all', 'gated_send', 'monitored', 'autonomous'], mode), 1) - 1
$$;

-- A message begins under the stricter of what its writer says and what its mailbox says.
CREATE FUNCTION message_insert_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.handed OR NEW.attempts <> 0 OR NEW.status = 'pending_approval' AND NOT NEW.gated
     OR NEW.status NOT IN ('draft', 'pending_scan', 'pending_approval', 'scheduled', 'queued', 'blocked') THEN
    RAISE EXCEPTION 'a message cannot begin as %', NEW.status USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT greatest(NEW.required, b.approvals_required),
         CASE WHEN public.mode_rank(b.mode) < public.mode_rank(NEW.mode) THEN b.mode ELSE NEW.mode END
    INTO NEW.required, NEW.mode
    FROM public.mailbox b WHERE b.operator_id = NEW.operator_id AND b.mailbox_id = NEW.mailbox_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'message % has no mailbox', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER message_insert_guard BEFORE INSERT ON message FOR EACH ROW
  WHEN (NEW.direction = 'outbound') EXECUTE FUNCTION message_insert_guard();

-- The steps of the oversight machine (core/oversight/machine), as far as rows show them. Each step is saved by itself.
CREATE FUNCTION message_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.operator_id <> OLD.operator_id OR NEW.message_id <> OLD.message_id OR NEW.mailbox_id <> OLD.mailbox_id
     OR NEW.direction <> OLD.direction OR NEW.test <> OLD.test OR NEW.rfc_message_id <> OLD.rfc_message_id
     OR NEW.from_address <> OLD.from_address OR NEW.author_kind <> OLD.author_kind OR NEW.author_id <> OLD.author_id
     OR NEW.timing <> OLD.timing OR NEW.created_at <> OLD.created_at OR NEW.required < OLD.required
     OR NOT NEW.authors @> OLD.authors OR public.mode_rank(NEW.mode) > public.mode_rank(OLD.mode) THEN
    RAISE EXCEPTION 'message % cannot change so', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.direction <> 'outbound' THEN
    RETURN NEW;
  END IF;
  IF NEW.status <> OLD.status AND NOT NEW.status = ANY (CASE OLD.status
      WHEN 'draft' THEN ARRAY['pending_scan', 'cancelled']
      WHEN 'pending_scan' THEN ARRAY['blocked', 'pending_approval', 'scheduled', 'queued', 'cancelled']
      WHEN 'pending_approval' THEN ARRAY['rejected', 'draft', 'scheduled', 'queued', 'expired', 'cancelled']
      WHEN 'scheduled' THEN ARRAY['pending_scan', 'pending_approval', 'queued', 'cancelled']
      WHEN 'queued' THEN ARRAY['blocked', 'pending_approval', 'suppressed', 'sandboxed', 'sending']
        || CASE WHEN OLD.handed THEN ARRAY['sent', 'delivered', 'send_failed'] ELSE ARRAY['cancelled'] END
      WHEN 'sending' THEN ARRAY['queued', 'sent', 'delivered', 'send_failed', 'bounced']
      WHEN 'sent' THEN ARRAY['delivered', 'bounced']
      WHEN 'delivered' THEN ARRAY['bounced']
      ELSE ARRAY[]::text[] END) THEN
    RAISE EXCEPTION 'message % cannot go from % to %', OLD.message_id, OLD.status, NEW.status USING ERRCODE = 'restrict_violation';
  END IF;
  -- What has been on the wire is neither called cancelled nor given other content.
  IF OLD.handed AND (NEW.status = 'cancelled' AND OLD.status <> 'cancelled' OR NEW.digest <> OLD.digest
     OR NEW.status = 'pending_scan' AND OLD.status = 'scheduled') THEN
    RAISE EXCEPTION 'message % was handed off', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  -- Only content that is scanned anew may lose its gate, and nobody decides on what is not gated.
  IF OLD.gated AND NOT NEW.gated AND (OLD.status NOT IN ('draft', 'scheduled') OR NEW.status <> 'pending_scan')
     OR NEW.status = 'pending_approval' AND NOT NEW.gated THEN
    RAISE EXCEPTION 'message % cannot lose its gate', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.digest <> OLD.digest THEN
    IF OLD.status NOT IN ('draft', 'pending_approval', 'scheduled')
       OR NEW.status <> (CASE OLD.status WHEN 'scheduled' THEN 'pending_scan' ELSE OLD.status END) THEN
      RAISE EXCEPTION 'content of message % is fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.subject <> OLD.subject OR NEW.size_bytes <> OLD.size_bytes OR NEW.attachments <> OLD.attachments THEN
    RAISE EXCEPTION 'content of message % is fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.status = 'sending' AND OLD.status <> 'sending' THEN
    IF NEW.attempts <> OLD.attempts + 1 OR NOT NEW.handed
       OR NOT EXISTS (SELECT 1 FROM public.handoff h WHERE h.operator_id = NEW.operator_id AND h.message_id = NEW.message_id
                      AND h.attempt = NEW.attempts AND h.digest = NEW.digest) THEN
      RAISE EXCEPTION 'message % was not handed off', OLD.message_id USING ERRCODE = 'restrict_violation';
    END IF;
  ELSIF NEW.attempts <> OLD.attempts OR NEW.handed <> OLD.handed THEN
    RAISE EXCEPTION 'message % was not handed off', OLD.message_id USING ERRCODE = 'restrict_violation';
  ELSIF NEW.status = 'cancelled' AND OLD.status = 'queued' AND EXISTS (
      SELECT 1 FROM public.handoff h WHERE h.operator_id = OLD.operator_id AND h.message_id = OLD.message_id) THEN
    RAISE EXCEPTION 'message % was handed off', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER message_guard BEFORE UPDATE ON message FOR EACH ROW EXECUTE FUNCTION message_guard();

-- Approvals are of the content as it is: an edit, sending it back and undoing void them, whoever forgets to.
CREATE FUNCTION void_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE public.decision SET voided_at = NEW.updated_at
   WHERE operator_id = NEW.operator_id AND message_id = NEW.message_id AND decision = 'approve' AND voided_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER void_approvals AFTER UPDATE ON message FOR EACH ROW
  WHEN (OLD.digest <> NEW.digest OR OLD.status = 'pending_approval' AND NEW.status = 'draft'
        OR OLD.status = 'scheduled' AND NEW.status IN ('pending_approval', 'pending_scan'))
  EXECUTE FUNCTION void_approvals();

-- The digest of a message's bytes and envelope: `contentDigest` of mail/digest in SQL.
CREATE FUNCTION content_digest(mime bytea, of_operator text, of_message text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(mime || coalesce(
    (SELECT string_agg(line, ''::bytea ORDER BY line) FROM (
       SELECT DISTINCT convert_to(regexp_replace(r.address, '[^@]*$', '') || lower(substring(r.address FROM '[^@]*$')) || E'\n', 'UTF8') AS line
         FROM public.recipient r WHERE r.operator_id = of_operator AND r.message_id = of_message) AS envelope), ''::bytea)), 'hex')
$$;

-- Stored bytes change only with the digest that names them, and the text that people read only with the bytes.
CREATE FUNCTION message_content_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.operator_id, NEW.message_id) IS DISTINCT FROM (OLD.operator_id, OLD.message_id) OR NEW.mime = OLD.mime
     OR NOT EXISTS (SELECT 1 FROM public.message m WHERE m.operator_id = OLD.operator_id AND m.message_id = OLD.message_id
                    AND m.status IN ('draft', 'pending_scan', 'pending_approval', 'scheduled')
                    AND m.digest = public.content_digest(NEW.mime, OLD.operator_id, OLD.message_id)) THEN
    RAISE EXCEPTION 'content of message % is fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER message_content_guard BEFORE UPDATE ON message_content FOR EACH ROW EXECUTE FUNCTION message_content_guard();

-- The envelope is part of the digest: who is written to does not change after submission, only what became of it.
CREATE FUNCTION recipient_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.operator_id <> OLD.operator_id OR NEW.message_id <> OLD.message_id OR NEW.position <> OLD.position
       OR NEW.kind <> OLD.kind OR NEW.address <> OLD.address OR NEW.name IS DISTINCT FROM OLD.name THEN
      RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
  END IF;
  -- A message written by the same statement is not seen here yet: submission writes both at once.
  IF EXISTS (SELECT 1 FROM public.message m WHERE m.operator_id = NEW.operator_id AND m.message_id = NEW.message_id
             AND m.direction = 'outbound' AND m.status NOT IN ('draft', 'pending_scan')) THEN
    RAISE EXCEPTION 'recipients of message % are fixed', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  -- The gate does not ask about the overseer's copy, so nobody else may pass for it.
  IF NEW.kind = 'copy' AND NOT EXISTS (
      SELECT 1 FROM public.operator o WHERE o.operator_id = NEW.operator_id AND lower(o.oversight_address) = lower(NEW.address)) THEN
    RAISE EXCEPTION 'message % copies somebody who is no overseer', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER recipient_guard BEFORE INSERT OR UPDATE ON recipient FOR EACH ROW EXECUTE FUNCTION recipient_guard();

-- The wall: no hand-off without what the stricter of the two modes asks for. Locks the message, so that it
-- cannot be cancelled, edited or lowered in between; the mailbox and operator rows are locked for the same reason.
CREATE FUNCTION handoff_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  m public.message;
  box_mode text;
  stopped boolean;
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
  SELECT b.mode INTO box_mode FROM public.mailbox b WHERE b.operator_id = m.operator_id AND b.mailbox_id = m.mailbox_id FOR SHARE;
  SELECT o.stopped_at IS NOT NULL, lower(o.oversight_address) INTO stopped, overseer
    FROM public.operator o WHERE o.operator_id = m.operator_id FOR SHARE;
  rank := least(public.mode_rank(m.mode), public.mode_rank(box_mode));
  IF m.status <> 'queued' OR m.test OR m.digest <> NEW.digest OR NEW.attempt <> m.attempts + 1 OR rank < 1
     OR stopped IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'handoff of message % refused: status %, test %, mode %, stopped %', m.message_id, m.status, m.test, rank, stopped
      USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT coalesce(bool_or(EXISTS (SELECT 1 FROM public.suppression s WHERE s.operator_id = r.operator_id
           AND s.address = lower(r.address) AND s.mailbox_id IN ('', m.mailbox_id))), true) INTO refused
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
CREATE TRIGGER handoff_guard BEFORE INSERT ON handoff FOR EACH ROW EXECUTE FUNCTION handoff_guard();

-- No message goes without its leaf. Looked at when the transaction ends, since entries are written last.
CREATE FUNCTION handoff_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.log_entry e WHERE e.operator_id = NEW.operator_id AND e.entry_id = NEW.entry_id
                 AND e.resource = NEW.message_id AND e.type = 'message.handed_off') THEN
    RAISE EXCEPTION 'handoff of message % refused: it is not in the log', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER handoff_is_logged AFTER INSERT ON handoff DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION handoff_is_logged();

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants: the second wall. '*' is set by the few statements that serve all operators (claims, sign-in look-ups).

DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname <> 'schema_migration' LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
  END LOOP;
END $$;

-- The service role owns nothing, and may delete only what is meant to go.
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO multimail_app;
GRANT DELETE ON due, log_pending, log_opening, subject_key, suppression, idempotency, allowlist_entry, sign_in_link, session TO multimail_app;
REVOKE UPDATE ON log_entry, log_index, log_checkpoint, handoff, log_pending FROM multimail_app;
-- Where only some columns ever change, only those may. A key is never widened in place.
REVOKE UPDATE ON decision, recipient, log_tile, log_head, api_key, signing_key FROM multimail_app;
GRANT UPDATE (voided_at) ON decision TO multimail_app;
GRANT UPDATE (status, attempts, receipt) ON recipient TO multimail_app;
GRANT UPDATE (hashes) ON log_tile TO multimail_app;
GRANT UPDATE (size) ON log_head TO multimail_app;
GRANT UPDATE (name, revoked_at, last_used_at) ON api_key TO multimail_app;
GRANT UPDATE (status, expires_at) ON signing_key TO multimail_app;
REVOKE INSERT, UPDATE ON schema_migration FROM multimail_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO multimail_app;

-- Claims go along due_by_time in order and stop at the limit. Without statistics the planner prefers a bitmap, which reads
-- every row that came due since the last vacuum and never marks the dead ones, so that each claim is slower than the last.
CREATE FUNCTION claim_due(wanted text, until timestamptz, lease_until timestamptz, claimant text, at_most integer)
RETURNS TABLE (operator_id text, message_id text, token bigint)
LANGUAGE sql SET enable_bitmapscan = off SET enable_sort = off SET enable_seqscan = off AS $$
  UPDATE due SET due_at = lease_until, token = nextval('due_token'), node = claimant
  WHERE (operator_id, kind, message_id) IN (
    SELECT d.operator_id, d.kind, d.message_id FROM due d WHERE d.kind = wanted AND d.due_at <= until
    ORDER BY d.due_at LIMIT at_most FOR UPDATE SKIP LOCKED)
  RETURNING due.operator_id, due.message_id, due.token
$$;
