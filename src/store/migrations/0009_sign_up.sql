-- Ways in for newcomers: accounts that somebody asked for, and agents that ask a person to let them in. The rows belong to the
-- operator that hosts the instance, until a mailed code makes an account or a key of them. They are pruned after two days.

CREATE TABLE sign_up (
  operator_id text NOT NULL REFERENCES operator,
  sign_up_id  text NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('account', 'agent')),
  -- Where the code goes: what it can be used for is the reader's decision.
  email       text NOT NULL CHECK (length(email) <= 254),
  -- True where no code may let it through: the address has an account already.
  known       boolean NOT NULL,
  -- Of an agent: the operator that it would join; null where the address is nobody's.
  joins       text,
  wanted      jsonb NOT NULL,
  created_at  timestamptz NOT NULL,
  expires_at  timestamptz NOT NULL,
  -- Let through, or overtaken by another of the same address.
  ended_at    timestamptz,
  PRIMARY KEY (operator_id, sign_up_id)
);
CREATE INDEX sign_up_by_email ON sign_up (operator_id, lower(email), created_at);
CREATE INDEX sign_up_by_time ON sign_up (operator_id, created_at);

-- Proofs of work that were accepted: each opens one sign-up.
CREATE TABLE sign_up_proof (
  operator_id text NOT NULL REFERENCES operator,
  challenge   text NOT NULL CHECK (length(challenge) = 64),
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (operator_id, challenge)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['sign_up', 'sign_up_proof'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (operator_id = current_setting(''multimail.operator'', true) OR current_setting(''multimail.operator'', true) = ''*'')', t);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO multimail_app', t);
  END LOOP;
END $$;
-- What was asked for is fixed: it only ends.
GRANT UPDATE (ended_at) ON sign_up TO multimail_app;
