-- Compliance: erasure of persons and by age, retention, legal holds, and the hash by which a recipient asks about a mailbox.

-- What an erased message was about is gone; that it was, and what became of it, stays.
ALTER TABLE message ADD erased_at timestamptz;

-- Whom mail was with. Asked through messages_with() below, since lower() is not leakproof and could not use an index behind
-- row-level security.
CREATE INDEX recipient_by_address ON recipient (operator_id, lower(address));
CREATE INDEX message_by_sender ON message (operator_id, lower(from_address)) WHERE direction = 'inbound';
CREATE INDEX log_opening_by_subject ON log_opening (operator_id, subject_id);

-- While a hold stands, nothing that it covers is erased, by nobody. It has no end date: somebody releases it.
CREATE TABLE legal_hold (
  operator_id text NOT NULL REFERENCES operator,
  hold_id     text NOT NULL,
  scope       text NOT NULL CHECK (scope IN ('operator', 'mailbox', 'thread', 'email', 'address')),
  mailbox_id  text,
  thread_id   text,
  message_id  text,
  address     text CHECK (address = lower(address)),
  reason      text NOT NULL,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL,
  released_by text,
  released_at timestamptz,
  PRIMARY KEY (operator_id, hold_id),
  CHECK ((mailbox_id IS NOT NULL) = (scope IN ('mailbox', 'thread')) AND (thread_id IS NOT NULL) = (scope = 'thread')
         AND (message_id IS NOT NULL) = (scope = 'email') AND (address IS NOT NULL) = (scope = 'address'))
);
CREATE INDEX legal_hold_standing ON legal_hold (operator_id, hold_id) WHERE released_at IS NULL;

-- How long mail is kept: a new row for each change, so that what was promised to a message while it was there still counts.
CREATE TABLE retention (
  operator_id text NOT NULL REFERENCES operator,
  version     integer NOT NULL,
  rules       jsonb NOT NULL,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, version)
);

-- The erasure of one person. The address stays here until it is done, and not longer.
CREATE TABLE erasure (
  operator_id  text NOT NULL REFERENCES operator,
  erasure_id   text NOT NULL,
  address      text CHECK (address = lower(address)),
  reference    text,
  status       text NOT NULL CHECK (status IN ('running', 'held', 'retained', 'settling', 'done')),
  messages     integer NOT NULL DEFAULT 0,
  openings     integer NOT NULL DEFAULT 0,
  remaining    integer NOT NULL DEFAULT 0,
  requested_by text NOT NULL,
  requested_at timestamptz NOT NULL,
  next_at      timestamptz,
  done_at      timestamptz,
  PRIMARY KEY (operator_id, erasure_id),
  CHECK ((status = 'done') = (done_at IS NOT NULL) AND (status = 'done') = (next_at IS NULL) AND (status <> 'done' OR address IS NULL))
);
CREATE INDEX erasure_due ON erasure (next_at) WHERE next_at IS NOT NULL;
CREATE UNIQUE INDEX erasure_once ON erasure (operator_id, address) WHERE address IS NOT NULL;

-- ---------------------------------------------------------------------------------------------------------------
-- What the database refuses

-- True while a legal hold covers the message.
CREATE FUNCTION is_held(of_operator text, of_message text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT 1 FROM public.legal_hold h JOIN public.message m ON m.operator_id = h.operator_id
     WHERE h.operator_id = of_operator AND h.released_at IS NULL AND m.message_id = of_message
       AND (h.scope = 'operator' OR h.scope = 'mailbox' AND h.mailbox_id = m.mailbox_id
            OR h.scope = 'thread' AND h.mailbox_id = m.mailbox_id AND h.thread_id = m.thread_id
            OR h.scope = 'email' AND h.message_id = m.message_id
            OR h.scope = 'address' AND (h.address = lower(m.from_address) OR EXISTS (
                 SELECT 1 FROM public.recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id
                    AND lower(r.address) = h.address))))
$$;

-- A message is erased once it has come to its end, outside any hold, and all of it at once: what it said goes, what it was stays.
CREATE FUNCTION erased_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  gone text[] := ARRAY['erased_at', 'subject', 'from_address', 'from_name', 'attachments', 'tags', 'metadata', 'screening',
                       'authentication', 'reason', 'rfc_message_id', 'user_label', 'updated_at'];
BEGIN
  IF NEW.erased_at IS NULL OR NEW.erased_at < OLD.erased_at
     OR OLD.direction = 'outbound' AND (NEW.from_address <> OLD.from_address OR NEW.rfc_message_id <> OLD.rfc_message_id
        OR NOT OLD.status = ANY (ARRAY['blocked', 'rejected', 'cancelled', 'expired', 'suppressed', 'send_failed', 'bounced', 'sandboxed', 'sent', 'delivered']))
     OR NOT NEW.from_address IN (OLD.from_address, 'erased@erased.invalid')
     OR NEW.subject <> '' OR NEW.attachments <> '[]' OR NEW.tags <> '{}' OR NEW.metadata <> '{}'
     OR (to_jsonb(NEW) - gone) IS DISTINCT FROM (to_jsonb(OLD) - gone) THEN
    RAISE EXCEPTION 'message % cannot be erased so', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  IF public.is_held(OLD.operator_id, OLD.message_id) THEN
    RAISE EXCEPTION 'message % is under a legal hold', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER erased_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (NEW.erased_at IS DISTINCT FROM OLD.erased_at) EXECUTE FUNCTION erased_guard();
-- All other changes are guarded as before.
DROP TRIGGER message_guard ON message;
CREATE TRIGGER message_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (NEW.erased_at IS NOT DISTINCT FROM OLD.erased_at) EXECUTE FUNCTION message_guard();
DROP TRIGGER inbound_message_guard ON message;
CREATE TRIGGER inbound_message_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (OLD.direction = 'inbound' AND NEW.erased_at IS NOT DISTINCT FROM OLD.erased_at) EXECUTE FUNCTION inbound_message_guard();

-- Nothing is erased without its leaf.
CREATE FUNCTION erasure_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM public.log_entry e WHERE e.operator_id = NEW.operator_id AND e.resource = NEW.message_id
                 AND e.type = 'erasure' AND e.at = NEW.erased_at) THEN
    RAISE EXCEPTION 'erasure of message % refused: it is not in the log', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER erasure_is_logged AFTER UPDATE ON message DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (NEW.erased_at IS DISTINCT FROM OLD.erased_at) EXECUTE FUNCTION erasure_is_logged();

CREATE FUNCTION is_erased(of_operator text, of_message text) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT 1 FROM public.message m WHERE m.operator_id = of_operator AND m.message_id = of_message AND m.erased_at IS NOT NULL)
$$;

-- The content of an erased message becomes nothing, and nothing else.
CREATE FUNCTION content_erasure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.operator_id, NEW.message_id) IS DISTINCT FROM (OLD.operator_id, OLD.message_id)
     OR NEW.markdown <> '' OR NEW.body_text <> '' OR NEW.new_text <> '' OR NOT public.is_erased(OLD.operator_id, OLD.message_id) THEN
    RAISE EXCEPTION 'content of message % is fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER content_erasure_guard BEFORE UPDATE ON message_content FOR EACH ROW
  WHEN (octet_length(NEW.mime) = 0) EXECUTE FUNCTION content_erasure_guard();
DROP TRIGGER message_content_guard ON message_content;
CREATE TRIGGER message_content_guard BEFORE UPDATE ON message_content FOR EACH ROW
  WHEN (octet_length(NEW.mime) <> 0) EXECUTE FUNCTION message_content_guard();

-- Recipients stay fixed; of an erased message one may become nobody.
CREATE FUNCTION recipient_erasure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.address <> 'erased@erased.invalid' OR NEW.name IS NOT NULL OR NEW.receipt IS NOT NULL
     OR (to_jsonb(NEW) - ARRAY['address', 'name', 'receipt']) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['address', 'name', 'receipt'])
     OR NOT public.is_erased(OLD.operator_id, OLD.message_id) THEN
    RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
DROP TRIGGER recipient_guard ON recipient;
CREATE TRIGGER recipient_guard BEFORE INSERT OR DELETE ON recipient FOR EACH ROW EXECUTE FUNCTION recipient_guard();
CREATE TRIGGER recipient_update_guard BEFORE UPDATE ON recipient FOR EACH ROW
  WHEN (NEW.address = OLD.address) EXECUTE FUNCTION recipient_guard();
CREATE TRIGGER recipient_erasure_guard BEFORE UPDATE ON recipient FOR EACH ROW
  WHEN (NEW.address <> OLD.address) EXECUTE FUNCTION recipient_erasure_guard();
GRANT UPDATE (address, name) ON recipient TO multimail_app;

-- Versions are never changed, and go only with their message.
CREATE FUNCTION version_erasure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT public.is_erased(OLD.operator_id, OLD.message_id) THEN
    RAISE EXCEPTION 'message_version is append-only: DELETE refused' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;
DROP TRIGGER append_only ON message_version;
CREATE TRIGGER append_only BEFORE UPDATE ON message_version FOR EACH ROW EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER version_erasure_guard BEFORE DELETE ON message_version FOR EACH ROW EXECUTE FUNCTION version_erasure_guard();
GRANT DELETE ON message_version TO multimail_app;

-- A hold is released, once; retention only gets further versions.
CREATE FUNCTION legal_hold_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.released_at IS NOT NULL OR NEW.released_at IS NULL
     OR (to_jsonb(NEW) - ARRAY['released_at', 'released_by']) IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['released_at', 'released_by']) THEN
    RAISE EXCEPTION 'a legal hold can only be released, once' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER legal_hold_guard BEFORE UPDATE ON legal_hold FOR EACH ROW EXECUTE FUNCTION legal_hold_guard();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON retention FOR EACH ROW EXECUTE FUNCTION log_is_append_only();

-- ---------------------------------------------------------------------------------------------------------------
-- Looking for people

-- Messages from or to an address (in lower case) from before a moment, oldest first. As search_messages: it looks as the tables'
-- owner, and asks for the tenant itself.
CREATE FUNCTION messages_with(of_operator text, of_address text, made_before timestamptz, after_id text, at_most integer)
RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
  IF of_operator IS DISTINCT FROM current_setting('multimail.operator', true) THEN
    RAISE EXCEPTION 'messages_with: another operator' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN QUERY
    SELECT found.message_id FROM (
      SELECT m.message_id FROM public.message m
       WHERE m.operator_id = of_operator AND lower(m.from_address) = of_address AND m.direction = 'inbound'
         AND m.created_at <= made_before AND m.message_id > after_id
      UNION
      SELECT r.message_id FROM public.recipient r JOIN public.message m USING (operator_id, message_id)
       WHERE r.operator_id = of_operator AND lower(r.address) = of_address AND m.created_at <= made_before AND r.message_id > after_id
    ) AS found ORDER BY found.message_id LIMIT at_most;
END $$;
REVOKE ALL ON FUNCTION messages_with FROM PUBLIC;
GRANT EXECUTE ON FUNCTION messages_with TO multimail_app;

CREATE FUNCTION address_hash(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
  SELECT encode(sha256(convert_to(lower(address), 'UTF8')), 'hex')
$$;
CREATE INDEX mailbox_by_hash ON mailbox (address_hash(address));

-- The mailbox whose address has this hash, of whatever operator.
CREATE FUNCTION mailbox_by_hash(wanted text) RETURNS TABLE (operator_id text, mailbox_id text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
  SELECT b.operator_id, b.mailbox_id FROM public.mailbox b WHERE public.address_hash(b.address) = wanted LIMIT 1
$$;
REVOKE ALL ON FUNCTION mailbox_by_hash FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mailbox_by_hash TO multimail_app;

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants, grants

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['legal_hold', 'retention', 'erasure'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO multimail_app', t);
  END LOOP;
END $$;
-- What an event told of an erased message goes too.
GRANT UPDATE (data) ON event TO multimail_app;
GRANT UPDATE (released_by, released_at) ON legal_hold TO multimail_app;
GRANT UPDATE (address, status, messages, openings, remaining, next_at, done_at) ON erasure TO multimail_app;
