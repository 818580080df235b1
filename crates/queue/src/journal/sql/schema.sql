-- The journal of one receiver. Three tables: what happened, the last known row of each open alarm, and
-- who this journal belongs to.
CREATE TABLE IF NOT EXISTS entry (
    seq       INTEGER PRIMARY KEY,          -- place in the receiver's chain
    at        TEXT    NOT NULL,             -- when it was journalled, RFC 3339 UTC
    kind      TEXT    NOT NULL,             -- signal, action, verdict
    id        TEXT    NOT NULL,             -- of the signal or action
    subject   TEXT    NOT NULL,             -- a signal's unit key, an action's alarm
    lane      TEXT    NOT NULL,             -- urgent, routine
    forwarded INTEGER NOT NULL DEFAULT 0,   -- 1 when the database has it (or nothing else is to have it)
    refused   TEXT,                         -- why a settled action was not done
    hash      TEXT    NOT NULL,             -- SHA-256 over the predecessor's hash and this entry, hex
    row_sum   INTEGER NOT NULL,             -- of seq and body, for judging a damaged file row by row
    body      TEXT    NOT NULL              -- the stored form, as hashed
) STRICT;
CREATE INDEX IF NOT EXISTS entry_subject ON entry (subject, seq);
CREATE INDEX IF NOT EXISTS entry_unforwarded ON entry (seq) WHERE forwarded = 0;

CREATE TABLE IF NOT EXISTS state (
    kind    TEXT    NOT NULL,               -- alarm, alias, unit, expected
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
