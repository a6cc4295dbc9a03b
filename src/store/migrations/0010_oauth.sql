-- OAuth: clients that registered, what people granted to them, and the tokens of each grant.

-- The instance's, and nobody's data: whoever may reach the instance may register. A client that nobody granted anything to is deleted
-- after a day.
CREATE TABLE oauth_client (
  client_id  text PRIMARY KEY,
  metadata   jsonb NOT NULL CHECK (octet_length(metadata::text) <= 16384),
  created_at timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX oauth_client_unused ON oauth_client (created_at) WHERE used_at IS NULL;
GRANT SELECT, INSERT, DELETE ON oauth_client TO multimail_app;
GRANT UPDATE (used_at) ON oauth_client TO multimail_app;

-- A grant is a key whose secret nobody has: its scopes, mailboxes and end stand in api_key under the same id. One code each.
CREATE TABLE oauth_grant (
  operator_id     text NOT NULL,
  grant_id        text NOT NULL,
  person_id       text NOT NULL,
  client_id       text NOT NULL CHECK (octet_length(client_id) <= 2048),
  client_name     text NOT NULL,
  redirect_uri    text NOT NULL CHECK (octet_length(redirect_uri) <= 2048),
  resource        text NOT NULL,
  code_hash       bytea NOT NULL UNIQUE,
  code_challenge  text NOT NULL,
  code_expires_at timestamptz NOT NULL,
  code_used_at    timestamptz,
  -- When the code was exchanged; null: the client never came back with it.
  begun_at        timestamptz,
  PRIMARY KEY (operator_id, grant_id),
  FOREIGN KEY (operator_id, grant_id) REFERENCES api_key,
  FOREIGN KEY (operator_id, person_id) REFERENCES person
);
CREATE INDEX oauth_grant_by_person ON oauth_grant (operator_id, person_id);

CREATE TABLE oauth_token (
  operator_id text NOT NULL,
  token_hash  bytea NOT NULL UNIQUE,
  grant_id    text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('access', 'refresh')),
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  -- When a refresh token was exchanged for the next one: whoever comes with it again has a copy.
  used_at     timestamptz,
  PRIMARY KEY (operator_id, token_hash),
  FOREIGN KEY (operator_id, grant_id) REFERENCES oauth_grant
);
CREATE INDEX oauth_token_by_grant ON oauth_token (operator_id, grant_id);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['oauth_grant', 'oauth_token'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO multimail_app', t);
  END LOOP;
END $$;
GRANT UPDATE (code_used_at, begun_at) ON oauth_grant TO multimail_app;
GRANT UPDATE (used_at) ON oauth_token TO multimail_app;
GRANT DELETE ON oauth_token TO multimail_app;

-- What has been used once stays used.
CREATE FUNCTION oauth_used_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_TABLE_NAME = 'oauth_grant' AND to_jsonb(OLD) ->> 'code_used_at' IS NOT NULL
       AND to_jsonb(NEW) ->> 'code_used_at' IS DISTINCT FROM to_jsonb(OLD) ->> 'code_used_at'
     OR TG_TABLE_NAME = 'oauth_token' AND to_jsonb(OLD) ->> 'used_at' IS NOT NULL
       AND to_jsonb(NEW) ->> 'used_at' IS DISTINCT FROM to_jsonb(OLD) ->> 'used_at' THEN
    RAISE EXCEPTION 'a code or token of grant % was used already', OLD.grant_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER oauth_used_once BEFORE UPDATE ON oauth_grant FOR EACH ROW EXECUTE FUNCTION oauth_used_once();
CREATE TRIGGER oauth_used_once BEFORE UPDATE ON oauth_token FOR EACH ROW EXECUTE FUNCTION oauth_used_once();

-- What a person agreed to is never another thing later.
CREATE FUNCTION oauth_grant_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM public.oauth_grant g WHERE g.operator_id = OLD.operator_id AND g.grant_id = OLD.key_id) THEN
    RAISE EXCEPTION 'grant % does not change', OLD.key_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER oauth_grant_is_fixed BEFORE UPDATE ON api_key FOR EACH ROW
  WHEN (OLD.scopes IS DISTINCT FROM NEW.scopes OR OLD.mailbox_ids IS DISTINCT FROM NEW.mailbox_ids OR OLD.expires_at IS DISTINCT FROM NEW.expires_at)
  EXECUTE FUNCTION oauth_grant_is_fixed();

-- A person's assistant does not decide on what another assistant of theirs wrote.
CREATE FUNCTION oauth_decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM public.oauth_grant own
    JOIN public.oauth_grant author ON author.operator_id = own.operator_id AND author.person_id = own.person_id
    JOIN public.message m ON m.operator_id = own.operator_id AND m.message_id = NEW.message_id
    WHERE own.operator_id = NEW.operator_id AND own.grant_id = NEW.credential_id AND 'key:' || author.grant_id = ANY (m.authors)) THEN
    RAISE EXCEPTION 'decision refused for message %: an assistant of the same person wrote it', NEW.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER oauth_decision_guard BEFORE INSERT ON decision FOR EACH ROW EXECUTE FUNCTION oauth_decision_guard();
