-- What closed windows were predicted to cost and cost, in the finest groups.
CREATE TABLE variances (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX variances_by_at ON variances (at);

-- What each bill is of, so that a new one is held against those alone that it can restate or overlap.
CREATE TABLE bill_scopes (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX bill_scopes_by_at ON bill_scopes (at);
