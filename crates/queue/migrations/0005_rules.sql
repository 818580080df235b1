-- What the rules know of an alarm: how often it went up and who was told, where it is listed, tests.
ALTER TABLE alarm ADD COLUMN level       smallint    NOT NULL DEFAULT 0;     -- of two of one priority the higher first
ALTER TABLE alarm ADD COLUMN steps       smallint    NOT NULL DEFAULT 0;     -- thresholds its answer clock has passed
ALTER TABLE alarm ADD COLUMN press_times jsonb       NOT NULL DEFAULT '[]';  -- of the latest presses
ALTER TABLE alarm ADD COLUMN lifted_at   timestamptz;                        -- the press that last raised it
ALTER TABLE alarm ADD COLUMN let_go_at   timestamptz;                        -- since when it waits again
ALTER TABLE alarm ADD COLUMN escalations jsonb       NOT NULL DEFAULT '[]';  -- rule, when due, level, who was told
ALTER TABLE alarm ADD COLUMN test        uuid;                               -- all its signals came under this test
ALTER TABLE alarm ADD COLUMN incident    text;                               -- key of the incident it belongs to
ALTER TABLE alarm ADD COLUMN runaway     boolean     NOT NULL DEFAULT false;
ALTER TABLE alarm ADD COLUMN on_test     jsonb;                              -- the test that this alarm stands for

ALTER TABLE alarm_history ADD COLUMN level       smallint    NOT NULL DEFAULT 0;
ALTER TABLE alarm_history ADD COLUMN steps       smallint    NOT NULL DEFAULT 0;
ALTER TABLE alarm_history ADD COLUMN press_times jsonb       NOT NULL DEFAULT '[]';
ALTER TABLE alarm_history ADD COLUMN lifted_at   timestamptz;
ALTER TABLE alarm_history ADD COLUMN let_go_at   timestamptz;
ALTER TABLE alarm_history ADD COLUMN escalations jsonb       NOT NULL DEFAULT '[]';
ALTER TABLE alarm_history ADD COLUMN test        uuid;
ALTER TABLE alarm_history ADD COLUMN incident    text;
ALTER TABLE alarm_history ADD COLUMN runaway     boolean     NOT NULL DEFAULT false;
ALTER TABLE alarm_history ADD COLUMN on_test     jsonb;

ALTER TABLE signal ADD COLUMN test     uuid;                                 -- the test it came under
ALTER TABLE signal ADD COLUMN incident text;
ALTER TABLE signal ADD COLUMN runaway  boolean NOT NULL DEFAULT false;
CREATE INDEX signal_test ON signal (test) WHERE test IS NOT NULL;

-- What the receiver did by rule, and why.
ALTER TABLE action ADD COLUMN rule      text;
ALTER TABLE action ADD COLUMN due       timestamptz;
ALTER TABLE action ADD COLUMN targets   jsonb;                               -- who was to be told
ALTER TABLE action ADD COLUMN delivered boolean;                             -- whether they were
ALTER TABLE action ADD COLUMN incident  text;

-- When somebody last worked the queue at this receiver.
ALTER TABLE receiver ADD COLUMN operator_heard_at timestamptz;

-- Who was heard when: what is expected of them is in the registry.
CREATE TABLE expectation (
    subject   text        PRIMARY KEY,            -- unit/ID, line/RECEIVER/LINE, receiver/NAME
    heard_at  timestamptz NOT NULL,
    was_heard boolean     NOT NULL,               -- false: expected since then, and never heard
    missed_at timestamptz,                        -- the deadline that was missed and told
    changed   xid8        NOT NULL                -- the transaction that wrote it last: other receivers read by it
);
CREATE INDEX expectation_changed ON expectation (changed);
