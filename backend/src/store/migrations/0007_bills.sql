-- Bills as they were sent, as charges.
CREATE TABLE bills (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX bills_by_at ON bills (at);
