-- The shared queue. A row a person can read: who, what, how urgent, who has it, since when.

-- Open alarms and those closed in the last minutes. Small, written often: room for HOT updates, and
-- vacuumed early, so that a forgotten snapshot elsewhere costs as little as possible.
CREATE TABLE alarm (
    id             uuid        PRIMARY KEY,         -- the id of the signal that opened it
    unit_words     text        NOT NULL,            -- "unit 12345"
    priority       smallint    NOT NULL CHECK (priority BETWEEN 1 AND 5),
    class          text        NOT NULL,
    opened_at      timestamptz NOT NULL,            -- last byte of the earliest signal
    last_at        timestamptz NOT NULL,            -- last byte of the latest signal
    presses        integer     NOT NULL,            -- signals that want an answer, proven repeats not counted
    first_press_at timestamptz,
    last_press_at  timestamptz,
    ringing_since  timestamptz,                     -- the oldest press nobody has claimed or seen
    ringing        integer     NOT NULL,
    claimed_by     text,
    claimed_desk   text,
    claimed_since  timestamptz,
    lease_until    timestamptz,
    held_by        text,
    held_desk      text,
    held_since     timestamptz,
    held_until     timestamptz,
    held_reason    text,
    contested_by   text,                            -- a second holder, from a receiver that was cut off
    contested_desk text,
    contested_at   timestamptz,
    contested_act  text,
    closed_by      text,
    closed_desk    text,
    closed_at      timestamptz,
    outcome        text,
    closing_text   text,
    caller_number  text,
    caller_name    text,
    caller_at      timestamptz,
    triggers       jsonb       NOT NULL,            -- what was raised and cleared, where, when
    signals        integer     NOT NULL,            -- all, repeats included
    repeats        integer     NOT NULL,
    last_signal    uuid        NOT NULL,            -- what a close must name
    rule           text        NOT NULL,            -- the policy rule of its most urgent signal
    receiver       text        NOT NULL,            -- where it was opened
    line           text        NOT NULL,
    unit_key       text        NOT NULL,
    unit_basis     text        NOT NULL,
    previous       uuid,                            -- the unit's alarm before this one
    revision       bigint      NOT NULL,
    changed        xid8        NOT NULL,            -- the transaction that wrote it last: other receivers read by it
    CHECK ((closed_at IS NULL) = (closed_by IS NULL)),
    CHECK ((closed_at IS NULL) = (outcome IS NULL)),
    CHECK ((claimed_by IS NULL) = (lease_until IS NULL)),
    CHECK ((held_by IS NULL) = (held_until IS NULL))
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

-- At most one open alarm per unit, whatever several receivers do at once.
CREATE UNIQUE INDEX alarm_open_unit ON alarm (unit_key) WHERE closed_at IS NULL;
CREATE INDEX alarm_changed ON alarm (changed);
CREATE INDEX alarm_unit ON alarm (unit_key);

-- Ids that stand for another alarm: two receivers opened one each for the same unit.
CREATE TABLE alarm_alias (
    alias uuid PRIMARY KEY,
    alarm uuid NOT NULL,
    at    timestamptz NOT NULL DEFAULT now()
);

-- Alarms closed some time ago, by month of opening.
CREATE TABLE alarm_history (LIKE alarm INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id))
    PARTITION BY RANGE (id);
CREATE TABLE alarm_history_default PARTITION OF alarm_history DEFAULT;
CREATE INDEX alarm_history_unit ON alarm_history (unit_key, opened_at);

-- Every signal, for ever: its bytes, its stamps, how it was read and ranked. By month of its last byte.
CREATE TABLE signal (
    id            uuid        PRIMARY KEY,
    alarm         uuid        NOT NULL,             -- the card it joined
    position      integer     NOT NULL,             -- its place on that card, from 1
    last_byte_at  timestamptz NOT NULL,
    trigger       text        NOT NULL,
    status        text        NOT NULL,
    location      text,
    identity      text,
    unit_words    text        NOT NULL,
    priority      smallint    NOT NULL,
    class         text        NOT NULL,
    lane          text        NOT NULL,
    rule          text        NOT NULL,
    policy        text        NOT NULL,
    outcome       text        NOT NULL,             -- decoded, unreadable
    protocol      text        NOT NULL,
    code          text        NOT NULL,
    caller_number text,
    repeat_of     uuid,
    raw           bytea       NOT NULL,
    first_byte_at timestamptz NOT NULL,
    decoded_at    timestamptz NOT NULL,
    journalled_at timestamptz NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT clock_timestamp(), -- just before its commit
    line          text        NOT NULL,
    receiver      text        NOT NULL,
    unit_key      text        NOT NULL,
    unit_basis    text        NOT NULL,
    report        jsonb       NOT NULL,
    software      text        NOT NULL,
    clock         text        NOT NULL,
    seq           bigint      NOT NULL,             -- place in its receiver's chain
    hash          bytea       NOT NULL,
    body          text        NOT NULL              -- the journal's entry verbatim, as hashed
) PARTITION BY RANGE (id);
CREATE TABLE signal_default PARTITION OF signal DEFAULT;
CREATE INDEX signal_alarm ON signal (alarm, position);
CREATE INDEX signal_unit ON signal (unit_key, last_byte_at);
CREATE INDEX signal_chain ON signal (receiver, seq);

-- What people did or asked to do. Never changed, never deleted.
CREATE TABLE action (
    id            uuid        PRIMARY KEY,          -- made by the client: done once however often it is sent
    alarm         uuid        NOT NULL,             -- the card it was done to
    at            timestamptz NOT NULL,
    person        text        NOT NULL,
    desk          text        NOT NULL,
    act           text        NOT NULL,
    refused       text,                             -- why it was not done
    contested     boolean     NOT NULL,             -- done at a receiver that was cut off, refused here
    outcome       text,
    text          text,
    reason        text,
    held_until    timestamptz,
    shown         uuid,
    lease_ms      bigint,
    journalled_at timestamptz NOT NULL,
    written_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    receiver      text        NOT NULL,
    seq           bigint      NOT NULL,
    hash          bytea       NOT NULL,
    body          text        NOT NULL
);
CREATE INDEX action_alarm ON action (alarm, at);
CREATE INDEX action_chain ON action (receiver, seq);

-- What a receiver answered to an action by itself while it was cut off.
CREATE TABLE own_verdict (
    receiver      text        NOT NULL,
    seq           bigint      NOT NULL,
    action        uuid        NOT NULL,
    journalled_at timestamptz NOT NULL,
    hash          bytea       NOT NULL,
    body          text        NOT NULL,
    PRIMARY KEY (receiver, seq, action)
);

-- Entries that the tables above would not take, as they came, for a person to look at.
CREATE TABLE quarantine (
    receiver      text        NOT NULL,
    seq           bigint      NOT NULL,
    kind          text        NOT NULL,
    id            uuid        NOT NULL,
    at            timestamptz NOT NULL DEFAULT now(),
    why           text        NOT NULL,
    hash          bytea       NOT NULL,
    body          bytea       NOT NULL,
    PRIMARY KEY (receiver, seq)
);

-- One row per receiver: every transaction updates its own, so that a commit also proves the ones before.
CREATE TABLE receiver (
    name        text        PRIMARY KEY,
    heard_at    timestamptz NOT NULL,
    last_seq    bigint      NOT NULL,               -- every entry up to here is in the tables above
    head        bytea       NOT NULL,               -- hash of the entry linked last
    head_seq    bigint      NOT NULL,
    unforwarded bigint      NOT NULL,               -- journalled, not yet here, when last heard
    software    text        NOT NULL
);

-- Makes the monthly partitions from a month on. A UUID v7 begins with 48 bits of milliseconds. A month
-- whose rows already sit in the default partition stays there.
CREATE FUNCTION make_partitions(first date, months integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    month date;
    low   text;
    high  text;
    base  text;
BEGIN
    FOR n IN 0 .. months - 1 LOOP
        month := (date_trunc('month', first) + make_interval(months => n))::date;
        low  := lpad(to_hex((extract(epoch FROM month::timestamp) * 1000)::bigint), 12, '0');
        high := lpad(to_hex((extract(epoch FROM (month + interval '1 month')::timestamp) * 1000)::bigint), 12, '0');
        FOREACH base IN ARRAY ARRAY['signal', 'alarm_history'] LOOP
            BEGIN
                EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                               base || '_' || to_char(month, 'YYYY_MM'), base,
                               rpad(low, 32, '0'), rpad(high, 32, '0'));
            EXCEPTION WHEN check_violation THEN
                RAISE NOTICE 'month % stays in %_default', month, base;
            END;
        END LOOP;
    END LOOP;
END
$$;
