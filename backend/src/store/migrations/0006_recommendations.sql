-- What was found to be worth changing, and what of it was accepted.
CREATE TABLE recommendations (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX recommendations_by_at ON recommendations (at);
CREATE TABLE acceptances     (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX acceptances_by_at ON acceptances (at);
