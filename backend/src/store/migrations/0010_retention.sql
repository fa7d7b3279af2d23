-- What is left of requests that are kept no longer: counts by bin of five minutes. Tenants are numbered as they came.
CREATE TABLE bin_tenants (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE request_bins (
    at      INTEGER PRIMARY KEY,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    longest INTEGER NOT NULL,
    batches INTEGER NOT NULL
);
CREATE TABLE create_bins (
    at      INTEGER NOT NULL,
    tenant  INTEGER NOT NULL,
    class   TEXT    NOT NULL,
    creates INTEGER NOT NULL,
    PRIMARY KEY (at, tenant, class)
) WITHOUT ROWID;

-- Since when requests, bins and entries of the audit are kept, and how many requests are gone.
CREATE TABLE retention (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
