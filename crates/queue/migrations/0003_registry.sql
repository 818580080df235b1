-- The registry: who is behind the accounts and numbers that units send. Changed by imports only, each of them
-- one transaction under the lock of the version's row; read by receivers when that row says something new.

CREATE TABLE registry_version (
    one     boolean     PRIMARY KEY DEFAULT true CHECK (one),
    version bigint      NOT NULL,                 -- grows with every import that changed something
    import  uuid,                                 -- that import: a restored copy may have the same number
    at      timestamptz NOT NULL DEFAULT now(),
    person  text        NOT NULL DEFAULT ''
);
INSERT INTO registry_version (version) VALUES (0);

-- A unit is retired, never deleted.
CREATE TABLE unit (
    id                  uuid    PRIMARY KEY,
    reference           text    NOT NULL,         -- its id in the centre's own records
    label               text    NOT NULL CHECK (label <> ''),
    scheme              text    NOT NULL,
    address_line        text    NOT NULL,
    phones              text[]  NOT NULL,
    flags               text[]  NOT NULL,         -- cannot-speak, key-safe...
    risk                text    NOT NULL,         -- low, standard, high
    stock               text    NOT NULL,         -- on-loan, in-store, retired
    expected_interval_s bigint,                   -- how often it is to be heard from
    record_link         text    NOT NULL,
    customer            text    NOT NULL,
    model               text    NOT NULL,
    firmware            text    NOT NULL,
    carrier             text    NOT NULL,
    version             bigint  NOT NULL          -- of the registry, when it was changed last
);
CREATE UNIQUE INDEX unit_reference ON unit (reference) WHERE reference <> '';

-- How a unit names itself. One identity, one unit.
CREATE TABLE unit_identity (
    unit_key text    PRIMARY KEY,                 -- the key its signals had before it was registered
    unit     uuid    NOT NULL REFERENCES unit (id),
    position integer NOT NULL,
    identity text    NOT NULL                     -- NAMESPACE:PROTOCOL:ACCOUNT
);
CREATE INDEX unit_identity_unit ON unit_identity (unit);

-- Every change of every unit. Never changed, never deleted.
CREATE TABLE unit_change (
    unit     uuid        NOT NULL,
    version  bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    person   text        NOT NULL,
    receiver text        NOT NULL,                -- where it was imported
    import   uuid        NOT NULL,
    old      jsonb,                               -- the fields that changed, before; NULL for a new unit
    new      jsonb       NOT NULL,                -- and after
    PRIMARY KEY (unit, version)
);
CREATE INDEX unit_change_import ON unit_change (import);
