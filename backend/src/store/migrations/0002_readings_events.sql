-- Sensor readings; one of a sensor and a scope at an instant.
CREATE TABLE readings (
    at     INTEGER NOT NULL,
    sensor TEXT    NOT NULL,
    scope  TEXT    NOT NULL,
    value  REAL    NOT NULL,
    PRIMARY KEY (at, sensor, scope)
) WITHOUT ROWID;

-- Known events, as they were given.
CREATE TABLE events (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX events_by_at ON events (at);
