-- Readings of sensors, added up by bin: the mean of a bin is that of all readings in it.
CREATE TABLE sensor_bins (
    at     INTEGER NOT NULL,
    sensor TEXT    NOT NULL,
    scope  TEXT    NOT NULL,
    sum    REAL    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (at, sensor, scope)
) WITHOUT ROWID;

-- Bodies of Prometheus' remote write as they came, until what they hold is in bins.
CREATE TABLE remote_writes (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    received INTEGER NOT NULL,
    body     BLOB    NOT NULL
);

-- The last sample of each series, as of the last body that is in bins.
CREATE TABLE series_ends (
    id    BLOB    PRIMARY KEY,
    at    INTEGER NOT NULL,
    value REAL    NOT NULL
) WITHOUT ROWID;
