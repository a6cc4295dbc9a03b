-- What a key asked for may name a person. Once they are erased, requests that are over and name them go; the log keeps that there was one.
GRANT DELETE ON change_request TO multimail_app;
