-- The durable log. Instants are microseconds after 1970-01-01T00:00:00Z.
CREATE TABLE requests (
    at     INTEGER NOT NULL,
    id     TEXT    NOT NULL,
    tenant TEXT    NOT NULL,
    op     TEXT    NOT NULL,
    body   TEXT    NOT NULL,
    PRIMARY KEY (at, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX requests_by_id ON requests (id);

-- Several facts about one request may arrive one after the other; the same fact again is one.
CREATE TABLE observations (
    sequence INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    request  TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (request, body)
);

CREATE TABLE jobs (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    kind        TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    done        INTEGER NOT NULL DEFAULT 0,
    total       INTEGER NOT NULL DEFAULT 0,
    queued_at   INTEGER NOT NULL,
    started_at  INTEGER,
    finished_at INTEGER,
    failure     TEXT,
    input       TEXT    NOT NULL,
    output      TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, number);

CREATE TABLE decisions       (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE forecasts       (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runs            (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE reports         (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE scenarios       (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE predicted_costs (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE actual_costs    (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE models          (key TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX decisions_by_at       ON decisions (at);
CREATE INDEX forecasts_by_at       ON forecasts (at);
CREATE INDEX runs_by_at            ON runs (at);
CREATE INDEX reports_by_at         ON reports (at);
CREATE INDEX scenarios_by_at       ON scenarios (at);
CREATE INDEX predicted_costs_by_at ON predicted_costs (at);
CREATE INDEX actual_costs_by_at    ON actual_costs (at);
CREATE INDEX models_by_at          ON models (at);
