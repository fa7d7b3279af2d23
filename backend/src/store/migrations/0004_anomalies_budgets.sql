-- What closed windows cost otherwise than expected, and the newest outlook on budgets.
CREATE TABLE anomalies (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX anomalies_by_at ON anomalies (at);
CREATE TABLE budgets   (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
