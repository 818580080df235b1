-- Signals of lines that only listen beside another platform, and cards that hold nothing else.
ALTER TABLE alarm         ADD COLUMN shadow boolean NOT NULL DEFAULT false;
ALTER TABLE alarm_history ADD COLUMN shadow boolean NOT NULL DEFAULT false;
ALTER TABLE signal        ADD COLUMN shadow boolean NOT NULL DEFAULT false;
