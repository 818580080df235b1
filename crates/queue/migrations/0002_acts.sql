-- Giving an alarm to somebody by name, undoing a close, kinds of notes, and when a console was first served.
ALTER TABLE alarm ADD COLUMN given_by   text;          -- who gave it to its holder by name
ALTER TABLE alarm ADD COLUMN given_desk text;
ALTER TABLE alarm ADD COLUMN served_at  timestamptz;   -- first served to an operator's or supervisor's console

ALTER TABLE alarm_history ADD COLUMN given_by   text;
ALTER TABLE alarm_history ADD COLUMN given_desk text;
ALTER TABLE alarm_history ADD COLUMN served_at  timestamptz;

ALTER TABLE action ADD COLUMN note_kind     text;
ALTER TABLE action ADD COLUMN reference     text;      -- somebody else's number, an ambulance log's for example
ALTER TABLE action ADD COLUMN given_to      text;
ALTER TABLE action ADD COLUMN by_supervisor boolean;
