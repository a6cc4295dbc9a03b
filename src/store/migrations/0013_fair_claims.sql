-- Deliveries are claimed with a share for each operator, so that one with a hundred thousand due does not hold up the others.
-- Operators are found one after the other by this index: what it costs grows with the operators that have mail waiting, and not
-- with the mail.
CREATE INDEX due_delivery ON due (operator_id, due_at) WHERE kind = 'deliver';

-- As claim_due, for deliveries: of an operator in `holders` at most the number beside it in `shares`, of any other at most `others`.
-- Whose mail waits longest comes first.
CREATE FUNCTION claim_deliveries(until timestamptz, lease_until timestamptz, claimant text, at_most integer,
  holders text[], shares integer[], others integer)
RETURNS TABLE (operator_id text, message_id text, token bigint)
LANGUAGE sql SET enable_bitmapscan = off SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
  WITH RECURSIVE waiting AS (
    (SELECT d.operator_id, d.due_at FROM due d WHERE d.kind = 'deliver' ORDER BY d.operator_id, d.due_at LIMIT 1)
    UNION ALL
    SELECT n.operator_id, n.due_at FROM waiting w CROSS JOIN LATERAL (
      SELECT d.operator_id, d.due_at FROM due d WHERE d.kind = 'deliver' AND d.operator_id > w.operator_id
      ORDER BY d.operator_id, d.due_at LIMIT 1) n
  ), turns AS (
    SELECT w.operator_id, coalesce((SELECT h.share FROM unnest(holders, shares) AS h(holder, share) WHERE h.holder = w.operator_id), others) AS share
    FROM waiting w WHERE w.due_at <= until ORDER BY w.due_at
  ), mine AS (
    SELECT c.operator_id, c.message_id FROM turns t CROSS JOIN LATERAL (
      SELECT d.operator_id, d.message_id FROM due d
      WHERE d.kind = 'deliver' AND d.operator_id = t.operator_id AND d.due_at <= until
      ORDER BY d.due_at LIMIT t.share FOR UPDATE SKIP LOCKED) c
    LIMIT at_most
  )
  UPDATE due SET due_at = lease_until, token = nextval('due_token'), node = claimant
  WHERE (operator_id, kind, message_id) IN (SELECT m.operator_id, 'deliver', m.message_id FROM mine m)
  RETURNING due.operator_id, due.message_id, due.token
$$;
