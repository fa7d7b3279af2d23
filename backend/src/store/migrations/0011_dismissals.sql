-- What was recommended and is not wanted, with the reason.
CREATE TABLE dismissals (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX dismissals_by_at ON dismissals (at);
