-- Whoever exchanges a code may ask for a part of what was granted; the grant is for that part from then on.
GRANT UPDATE (resource) ON oauth_grant TO multimail_app;
