-- The forecast ledger: a chain of records that is only ever added to.
CREATE TABLE forecast_ledger (
    sequence INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    previous TEXT NOT NULL,
    hash     TEXT NOT NULL,
    record   TEXT NOT NULL
);
