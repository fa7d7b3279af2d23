-- Who may ask the service. Of secrets there are only hashes; tenants is a JSON list, and NULL where a key sees everything.
CREATE TABLE keys (
    id           TEXT    PRIMARY KEY,
    name         TEXT,
    role         TEXT    NOT NULL,
    tenants      TEXT,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    hash         TEXT    NOT NULL,
    former       TEXT,
    former_until INTEGER
) WITHOUT ROWID;

-- What was done that changes something, by whom; body is JSON.
CREATE TABLE audit (number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, body TEXT NOT NULL);
