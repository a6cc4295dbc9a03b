-- Domains of one's own: each has an id, what its checks found, and how its mail is to be protected on the way in.

ALTER TABLE domain
  ADD sts_mode text NOT NULL DEFAULT 'testing' CHECK (sts_mode IN ('none', 'testing', 'enforce')),
  -- Checks in a row that found a verified domain's records gone or wrong.
  ADD failures smallint NOT NULL DEFAULT 0;

-- Until now an operator had one domain, the instance's: its id stands for that domain's.
UPDATE domain SET domain_id = operator_id WHERE domain_id IS NULL;
ALTER TABLE domain
  ALTER domain_id SET NOT NULL,
  ADD CONSTRAINT domain_id_key UNIQUE (operator_id, domain_id);

CREATE INDEX aggregate_report_by_domain ON aggregate_report (operator_id, domain, ends_at);
