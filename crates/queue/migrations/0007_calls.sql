-- Telephone calls on lines that carry speech.
ALTER TABLE signal        ADD COLUMN call  uuid;                              -- the call it came in
ALTER TABLE alarm         ADD COLUMN calls jsonb NOT NULL DEFAULT '[]';       -- the latest: line, receiver, when it rang, was answered, ended
ALTER TABLE alarm_history ADD COLUMN calls jsonb NOT NULL DEFAULT '[]';
CREATE INDEX signal_call ON signal (call) WHERE call IS NOT NULL;

-- Operators' commands to a call, what became of them, and that a call ended.
ALTER TABLE action ADD COLUMN call     uuid;
ALTER TABLE action ADD COLUMN command  text;
ALTER TABLE action ADD COLUMN asked    uuid;                                  -- the act whose outcome this tells
ALTER TABLE action ADD COLUMN ended_at timestamptz;
