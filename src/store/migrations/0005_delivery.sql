-- Delivery: how long a message is tried, destinations that are paused, what was said on the wire, results of TLS for reports.

-- Seconds after the first attempt beyond which delivery is given up; null: as long as the retry schedule goes.
ALTER TABLE message ADD give_up_seconds integer CHECK (give_up_seconds BETWEEN 60 AND 432000);
