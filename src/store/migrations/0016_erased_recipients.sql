-- Whoever got a message may ask to be written to no more after it was erased. What stays beside an erased recipient is a keyed code
-- that says who it was to nobody without the instance's master key.
ALTER TABLE recipient ADD subject_id text CHECK (subject_id ~ '^[0-9a-f]{64}$');

-- As before, and the code comes when the address goes, at no other time.
CREATE OR REPLACE FUNCTION recipient_erasure_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.address <> 'erased@erased.invalid' OR NEW.name IS NOT NULL OR NEW.receipt IS NOT NULL
     OR (to_jsonb(NEW) - ARRAY['address', 'name', 'receipt', 'subject_id'])
        IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['address', 'name', 'receipt', 'subject_id'])
     OR NOT public.is_erased(OLD.operator_id, OLD.message_id) THEN
    RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION recipient_subject_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'recipients of message % are fixed', OLD.message_id USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER recipient_subject_guard BEFORE UPDATE ON recipient FOR EACH ROW
  WHEN (NEW.address = OLD.address AND NEW.subject_id IS DISTINCT FROM OLD.subject_id) EXECUTE FUNCTION recipient_subject_guard();
GRANT UPDATE (subject_id) ON recipient TO multimail_app;
