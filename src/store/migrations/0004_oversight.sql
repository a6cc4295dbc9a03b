-- Oversight to its depth: people who sign in and are invited, passkeys and the approver directory, one-time codes, changes that
-- wait for a person, standing policies, versions of edited messages, mail of the service itself.

-- ---------------------------------------------------------------------------------------------------------------
-- Tables

ALTER TABLE operator
  -- The kill switch: who pulled it, and why.
  ADD stopped_by text,
  ADD stopped_reason text,
  -- Public half of the key by which the operator signs heads of the approver directory; the private half is not here.
  ADD directory_key text;

-- Whoever is removed stays in the log and in what they decided. notify: how and when a person is told.
ALTER TABLE person
  ADD removed_at timestamptz,
  ADD notify jsonb NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX person_by_email ON person (operator_id, lower(email)) WHERE removed_at IS NULL;

CREATE TABLE invitation (
  operator_id   text NOT NULL REFERENCES operator,
  invitation_id text NOT NULL,
  email         text NOT NULL,
  name          text NOT NULL,
  role          text NOT NULL CHECK (role IN ('owner', 'admin', 'approver', 'auditor')),
  token_hash    bytea NOT NULL UNIQUE,
  invited_by    text NOT NULL,
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  accepted_at   timestamptz,
  revoked_at    timestamptz,
  person_id     text,
  PRIMARY KEY (operator_id, invitation_id)
);

-- method: how the person signed in. verified_at: when they last proved who they are (sign-in or step-up). A token that was
-- rotated away works a little longer, for requests that were under way; whoever shows an older one has a copy.
ALTER TABLE session
  ADD method text NOT NULL DEFAULT 'link' CHECK (method IN ('link', 'code', 'passkey', 'invitation')),
  ADD user_agent text,
  ADD verified_at timestamptz,
  ADD verified_by text NOT NULL DEFAULT 'link' CHECK (verified_by IN ('link', 'code', 'passkey', 'invitation')),
  ADD previous_hash bytea,
  ADD spent_hashes bytea[] NOT NULL DEFAULT '{}',
  ADD rotated_at timestamptz;
CREATE INDEX session_by_previous ON session (previous_hash) WHERE previous_hash IS NOT NULL;
CREATE INDEX session_by_spent ON session USING gin (spent_hashes) WHERE ended_at IS NULL;
CREATE INDEX session_by_person ON session (operator_id, person_id) WHERE ended_at IS NULL;

-- Credentials of people. Those for decisions are the approver directory and never sign anybody in; every change of it is an entry.
CREATE TABLE passkey (
  operator_id   text NOT NULL,
  passkey_id    text NOT NULL,
  person_id     text NOT NULL,
  purpose       text NOT NULL CHECK (purpose IN ('sign_in', 'decision')),
  credential_id bytea NOT NULL UNIQUE,
  -- COSE_Key (RFC 9052).
  public_key    bytea NOT NULL,
  algorithm     integer NOT NULL CHECK (algorithm IN (-7, -8, -257)),
  name          text NOT NULL,
  transports    text[] NOT NULL DEFAULT '{}',
  backed_up     boolean NOT NULL,
  sign_count    bigint NOT NULL,
  -- The entry that tells of the enrolment; of passkeys for decisions only.
  entry_id      text,
  leaf_hash     bytea,
  created_at    timestamptz NOT NULL,
  last_used_at  timestamptz,
  revoked_at    timestamptz,
  revoked_by    text,
  PRIMARY KEY (operator_id, passkey_id),
  FOREIGN KEY (operator_id, person_id) REFERENCES person,
  CHECK (purpose <> 'decision' OR entry_id IS NOT NULL AND leaf_hash IS NOT NULL)
);
CREATE INDEX passkey_by_person ON passkey (operator_id, person_id);

-- A head of the directory that the operator signed with a key that is not here.
CREATE TABLE directory_head (
  operator_id text NOT NULL REFERENCES operator,
  head_id     text NOT NULL,
  -- What was signed, byte by byte, and the signature (SSHSIG or raw Ed25519).
  statement   text NOT NULL,
  signature   text NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, head_id)
);

-- Each WebAuthn challenge works once: whoever uses it takes it away. operator_id '' before it is known who signs in.
CREATE TABLE webauthn_challenge (
  operator_id text NOT NULL,
  challenge   bytea NOT NULL,
  purpose     text NOT NULL CHECK (purpose IN ('enrol_sign_in', 'enrol_decision', 'sign_in', 'step_up', 'decide')),
  person_id   text,
  session_id  text,
  data        jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, challenge)
);
CREATE INDEX webauthn_challenge_by_time ON webauthn_challenge (expires_at);

-- Short codes that were mailed: stored as HMAC, used once, tried five times. subject: what the code is for (a person, a mailbox,
-- a change, a message).
CREATE TABLE one_time_code (
  operator_id text NOT NULL,
  code_id     text NOT NULL,
  purpose     text NOT NULL,
  subject     text NOT NULL,
  code_hash   bytea NOT NULL,
  data        jsonb NOT NULL,
  tries       smallint NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  used_at     timestamptz,
  PRIMARY KEY (operator_id, code_id)
);
CREATE INDEX one_time_code_by_subject ON one_time_code (operator_id, purpose, subject, created_at);

-- A sensitive change that a key asked for: a mailed code or a member lets the same call through, once.
CREATE TABLE change_request (
  operator_id  text NOT NULL REFERENCES operator,
  change_id    text NOT NULL,
  operation    text NOT NULL,
  input_hash   bytea NOT NULL,
  summary      text NOT NULL,
  requested_by text NOT NULL,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  granted_by   text,
  granted_at   timestamptz,
  refused_by   text,
  used_at      timestamptz,
  PRIMARY KEY (operator_id, change_id)
);
CREATE INDEX change_request_open ON change_request (operator_id, requested_by, input_hash) WHERE used_at IS NULL;

-- mailbox_id '' stands for all mailboxes. What loosens is a person's, and ends.
CREATE TABLE policy (
  operator_id text NOT NULL REFERENCES operator,
  policy_id   text NOT NULL,
  mailbox_id  text NOT NULL,
  position    integer NOT NULL,
  name        text NOT NULL,
  match       jsonb NOT NULL CHECK (jsonb_typeof(match) = 'object'),
  outcome     text NOT NULL CHECK (outcome IN ('hold', 'allow', 'block', 'quorum', 'passkey')),
  required    smallint CHECK (required BETWEEN 1 AND 5),
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL,
  expires_at  timestamptz,
  revoked_at  timestamptz,
  revoked_by  text,
  PRIMARY KEY (operator_id, policy_id),
  -- By a person, or by a key whose call a person let through.
  CHECK (outcome <> 'allow' OR (created_by LIKE 'person:%' OR created_by LIKE 'change:%')
         AND expires_at <= created_at + interval '90 days' AND expires_at IS NOT NULL),
  CHECK ((outcome = 'quorum') = (required IS NOT NULL))
);
CREATE INDEX policy_by_mailbox ON policy (operator_id, mailbox_id, position) WHERE revoked_at IS NULL;
-- Whom a mailbox has written to: asked where a rule wants to know.
CREATE INDEX recipient_reached ON recipient (operator_id, lower(address)) WHERE status IN ('sent', 'delivered');

-- What a message was before it was edited: proposed, and each text between. The present one is the message itself.
CREATE TABLE message_version (
  operator_id text NOT NULL,
  message_id  text NOT NULL,
  version     smallint NOT NULL,
  digest      text NOT NULL,
  subject     text NOT NULL,
  markdown    text NOT NULL,
  mime        bytea NOT NULL,
  recipients  jsonb NOT NULL,
  attachments jsonb NOT NULL,
  -- Who wrote this version, and why it was given up.
  written_by  text NOT NULL,
  replaced_by text NOT NULL,
  reason      text,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, message_id, version)
);
ALTER TABLE message_version ALTER COLUMN mime SET STORAGE EXTERNAL;

-- Codes, invitations and notices to people of the operator, by mail or to a chat's webhook. The bytes go when it has gone.
CREATE TABLE service_mail (
  operator_id text NOT NULL REFERENCES operator,
  mail_id     text NOT NULL,
  channel     text NOT NULL DEFAULT 'mail' CHECK (channel IN ('mail', 'chat')),
  kind        text NOT NULL,
  -- An address, or the URL of the webhook.
  to_address  text NOT NULL,
  -- The message that a decision is asked for: once it waits for none, nobody is told any more.
  message_id  text,
  mime        bytea,
  attempts    smallint NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL,
  sent_at     timestamptz,
  failed_at   timestamptz,
  last_reply  text,
  PRIMARY KEY (operator_id, mail_id)
);
-- How often somebody was told of late.
CREATE INDEX service_mail_pace ON service_mail (operator_id, to_address, created_at) WHERE kind = 'notice';

-- What a person is told later, with more of the kind: their digest, or the end of their quiet hours.
CREATE TABLE waiting_notice (
  operator_id text NOT NULL,
  person_id   text NOT NULL,
  message_id  text NOT NULL,
  about       text NOT NULL CHECK (about IN ('pending', 'reminder', 'escalation')),
  -- How they are told of it.
  mail        boolean NOT NULL,
  chat        boolean NOT NULL,
  created_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, person_id, message_id),
  FOREIGN KEY (operator_id, person_id) REFERENCES person
);

ALTER TABLE mailbox
  ADD passkey_required boolean NOT NULL DEFAULT false,
  -- Who is asked first; null: everybody who may decide. The others are asked when time runs out.
  ADD approver_ids text[];

ALTER TABLE message
  ADD passkey boolean NOT NULL DEFAULT false,
  -- The rule that said where the message goes.
  ADD policy_id text;

ALTER TABLE decision ADD passkey_id text;
-- One standing approval a principal and class: who approved weakly approves again where passkeys are asked for since.
DROP INDEX decision_once;
CREATE UNIQUE INDEX decision_once ON decision (operator_id, message_id, principal, digest, class)
  WHERE decision = 'approve' AND voided_at IS NULL;

-- The rule that let a message through although its mailbox gates.
ALTER TABLE handoff ADD policy_id text;

ALTER TABLE due DROP CONSTRAINT due_kind_check;
ALTER TABLE due ADD CONSTRAINT due_kind_check CHECK (kind IN ('deliver', 'release', 'expire', 'receive', 'index', 'verify_domain',
  'remind', 'escalate', 'notify', 'service_mail'));

-- ---------------------------------------------------------------------------------------------------------------
-- What the database refuses

-- Who decides is a living person who may, or a key with oversight; class A names a passkey for decisions of that person.
CREATE OR REPLACE FUNCTION decision_insert_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
     AND NOT EXISTS (SELECT 1 FROM public.person p WHERE p.operator_id = NEW.operator_id AND p.person_id = NEW.person_id
                     AND p.removed_at IS NULL AND p.role IN ('owner', 'admin', 'approver')) THEN
    RAISE EXCEPTION 'decision refused for message %: % may not decide', NEW.message_id, NEW.principal USING ERRCODE = 'restrict_violation';
  END IF;
  IF (NEW.class = 'A') <> (NEW.passkey_id IS NOT NULL)
     OR NEW.class = 'A' AND NOT EXISTS (
       SELECT 1 FROM public.passkey k WHERE k.operator_id = NEW.operator_id AND k.passkey_id = NEW.passkey_id
       AND k.person_id = NEW.person_id AND k.purpose = 'decision' AND k.revoked_at IS NULL AND k.created_at <= NEW.created_at) THEN
    RAISE EXCEPTION 'decision refused for message %: class % without a passkey for decisions', NEW.message_id, NEW.class
      USING ERRCODE = 'restrict_violation';
  END IF;
  IF NEW.decision = 'approve' AND NEW.class <> 'A' AND m.passkey THEN
    RAISE EXCEPTION 'decision refused for message %: it needs a passkey', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- A passkey is revoked, once; its key and whose it is never change.
CREATE FUNCTION passkey_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL
     OR (to_jsonb(NEW) - ARRAY['name', 'sign_count', 'backed_up', 'last_used_at', 'revoked_at', 'revoked_by'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['name', 'sign_count', 'backed_up', 'last_used_at', 'revoked_at', 'revoked_by']) THEN
    RAISE EXCEPTION 'passkey % cannot change so', OLD.passkey_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER passkey_guard BEFORE UPDATE ON passkey FOR EACH ROW EXECUTE FUNCTION passkey_guard();

-- No passkey for decisions without its leaf, and none is withdrawn without one.
CREATE FUNCTION passkey_is_logged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.purpose = 'decision' AND NOT EXISTS (
      SELECT 1 FROM public.log_entry e WHERE e.operator_id = NEW.operator_id AND e.resource = NEW.passkey_id
      AND CASE WHEN TG_OP = 'INSERT' THEN e.entry_id = NEW.entry_id AND e.type = 'approver.enrolled' ELSE e.type = 'approver.revoked' END) THEN
    RAISE EXCEPTION 'passkey % refused: it is not in the log', NEW.passkey_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER passkey_is_enrolled AFTER INSERT ON passkey DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION passkey_is_logged();
CREATE CONSTRAINT TRIGGER passkey_is_revoked AFTER UPDATE ON passkey DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION passkey_is_logged();

-- What has been used once stays used; tries only grow.
CREATE FUNCTION used_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.used_at IS NOT NULL THEN
    RAISE EXCEPTION '% is used already', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER used_once BEFORE UPDATE ON one_time_code FOR EACH ROW EXECUTE FUNCTION used_once();
CREATE TRIGGER used_once BEFORE UPDATE ON change_request FOR EACH ROW EXECUTE FUNCTION used_once();

-- A policy's words are fixed: it is named, moved, shortened or revoked, never loosened in place.
CREATE FUNCTION policy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.revoked_at IS NOT NULL
     OR (to_jsonb(NEW) - ARRAY['name', 'position', 'updated_at', 'expires_at', 'revoked_at', 'revoked_by'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['name', 'position', 'updated_at', 'expires_at', 'revoked_at', 'revoked_by'])
     OR NEW.outcome = 'allow' AND NEW.expires_at > OLD.expires_at THEN
    RAISE EXCEPTION 'policy % cannot change so', OLD.policy_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_guard BEFORE UPDATE ON policy FOR EACH ROW EXECUTE FUNCTION policy_guard();

-- What lets mail through is made by a living owner or admin, or by a change that a person granted.
CREATE FUNCTION policy_insert_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.outcome = 'allow'
     AND NOT EXISTS (SELECT 1 FROM public.person p WHERE p.operator_id = NEW.operator_id AND 'person:' || p.person_id = NEW.created_by
                     AND p.removed_at IS NULL AND p.role IN ('owner', 'admin'))
     AND NOT EXISTS (SELECT 1 FROM public.change_request c WHERE c.operator_id = NEW.operator_id AND 'change:' || c.change_id = NEW.created_by
                     AND c.granted_at IS NOT NULL AND c.used_at IS NOT NULL) THEN
    RAISE EXCEPTION 'policy % refused: % may not let mail through', NEW.policy_id, NEW.created_by USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_insert_guard BEFORE INSERT ON policy FOR EACH ROW EXECUTE FUNCTION policy_insert_guard();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON message_version FOR EACH ROW EXECUTE FUNCTION log_is_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON directory_head FOR EACH ROW EXECUTE FUNCTION log_is_append_only();

CREATE OR REPLACE FUNCTION message_insert_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.handed OR NEW.attempts <> 0 OR NEW.status = 'pending_approval' AND NOT NEW.gated
     OR NEW.status NOT IN ('draft', 'pending_scan', 'pending_approval', 'scheduled', 'queued', 'blocked') THEN
    RAISE EXCEPTION 'a message cannot begin as %', NEW.status USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT greatest(NEW.required, b.approvals_required), NEW.passkey OR b.passkey_required,
         CASE WHEN public.mode_rank(b.mode) < public.mode_rank(NEW.mode) THEN b.mode ELSE NEW.mode END
    INTO NEW.required, NEW.passkey, NEW.mode
    FROM public.mailbox b WHERE b.operator_id = NEW.operator_id AND b.mailbox_id = NEW.mailbox_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'message % has no mailbox', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- What a gate asks for only grows.
CREATE FUNCTION passkey_demand_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'message % cannot lose its demand for passkeys', OLD.message_id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER passkey_demand_guard BEFORE UPDATE ON message FOR EACH ROW
  WHEN (OLD.passkey AND NOT NEW.passkey) EXECUTE FUNCTION passkey_demand_guard();

-- As before; and approvals count by class where a passkey is demanded, the mailbox's demands of now count too, and what a rule lets
-- through is let through by a living rule of a person.
CREATE OR REPLACE FUNCTION handoff_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  m public.message;
  box public.mailbox;
  stopped boolean;
  overseer text;
  refused boolean;
  rank integer;
  gated boolean;
  required integer;
  passkey boolean;
BEGIN
  -- An older snapshot would not see what was suppressed or voided since.
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'handoff: only in a transaction that reads what is committed' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT * INTO m FROM public.message WHERE operator_id = NEW.operator_id AND message_id = NEW.message_id FOR NO KEY UPDATE;
  IF m IS NULL OR m.direction <> 'outbound' THEN
    RAISE EXCEPTION 'handoff: no such message' USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT * INTO box FROM public.mailbox b WHERE b.operator_id = m.operator_id AND b.mailbox_id = m.mailbox_id FOR SHARE;
  SELECT o.stopped_at IS NOT NULL, lower(o.oversight_address) INTO stopped, overseer
    FROM public.operator o WHERE o.operator_id = m.operator_id FOR SHARE;
  rank := least(public.mode_rank(m.mode), public.mode_rank(box.mode));
  required := greatest(m.required, box.approvals_required);
  passkey := m.passkey OR box.passkey_required;
  IF m.status <> 'queued' OR m.test OR m.digest <> NEW.digest OR NEW.attempt <> m.attempts + 1 OR rank < 1
     OR stopped IS DISTINCT FROM false THEN
    RAISE EXCEPTION 'handoff of message % refused: status %, test %, mode %, stopped %', m.message_id, m.status, m.test, rank, stopped
      USING ERRCODE = 'restrict_violation';
  END IF;
  -- A mailbox that is paused sends nothing, whatever the application does.
  IF box.mailbox_id IS NULL OR box.paused_at IS NOT NULL THEN
    RAISE EXCEPTION 'handoff of message % refused: its mailbox is paused', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  SELECT coalesce(bool_or(EXISTS (SELECT 1 FROM public.suppression s WHERE s.operator_id = r.operator_id
           AND s.address = lower(r.address) AND s.mailbox_id IN ('', m.mailbox_id)
           AND (s.expires_at IS NULL OR s.expires_at > now()))), true) INTO refused
    FROM public.recipient r WHERE r.operator_id = m.operator_id AND r.message_id = m.message_id AND r.status IN ('pending', 'deferred');
  IF refused THEN
    RAISE EXCEPTION 'handoff of message % refused: a recipient is suppressed, or nobody is left', m.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  -- A rule that is named stands, and lets mail of this mailbox through.
  IF NEW.policy_id IS NOT NULL
     AND NOT EXISTS (SELECT 1 FROM public.policy p WHERE p.operator_id = m.operator_id AND p.policy_id = NEW.policy_id
       AND p.mailbox_id IN ('', m.mailbox_id) AND p.outcome = 'allow' AND p.revoked_at IS NULL AND p.expires_at > now()) THEN
    RAISE EXCEPTION 'handoff of message % refused: rule % lets nothing through', m.message_id, NEW.policy_id
      USING ERRCODE = 'restrict_violation';
  END IF;
  gated := m.gated OR rank <= 1;
  IF NOT gated AND rank = 2 AND NEW.policy_id IS NULL THEN
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
      AND d.digest = NEW.digest AND d.voided_at IS NULL AND NOT d.principal = ANY (m.authors)
      AND (d.class = 'A' OR NOT passkey)) < required THEN
    RAISE EXCEPTION 'handoff of message % refused: it needs % approval(s)% of digest %', m.message_id, required,
      CASE WHEN passkey THEN ' by passkey' ELSE '' END, NEW.digest USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;

-- ---------------------------------------------------------------------------------------------------------------
-- Tenants, grants

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['invitation', 'passkey', 'directory_head', 'webauthn_challenge', 'one_time_code', 'change_request', 'policy',
                           'message_version', 'service_mail', 'waiting_notice'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO multimail_app', t);
  END LOOP;
END $$;
REVOKE UPDATE ON message_version, directory_head, passkey, webauthn_challenge, one_time_code, change_request, policy FROM multimail_app;
GRANT UPDATE (name, sign_count, backed_up, last_used_at, revoked_at, revoked_by) ON passkey TO multimail_app;
GRANT UPDATE (tries, used_at) ON one_time_code TO multimail_app;
GRANT UPDATE (granted_by, granted_at, refused_by, used_at) ON change_request TO multimail_app;
GRANT UPDATE (name, position, updated_at, expires_at, revoked_at, revoked_by) ON policy TO multimail_app;
GRANT DELETE ON webauthn_challenge, one_time_code, service_mail, waiting_notice, invitation TO multimail_app;
