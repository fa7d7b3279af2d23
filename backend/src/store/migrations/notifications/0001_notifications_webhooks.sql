-- What was noticed, each once by its key; ids grow. body is the JSON that is told and sent, byte for byte.
CREATE TABLE notifications (
    id     TEXT PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE,
    type   TEXT NOT NULL,
    tenant TEXT,
    body   TEXT NOT NULL
) WITHOUT ROWID;

-- Where notifications are sent to. types and tenants are JSON lists, and NULL where a webhook gets everything. The secret is
-- what is sent is signed with, so that it cannot be a hash.
CREATE TABLE webhooks (
    id         TEXT    PRIMARY KEY,
    name       TEXT,
    url        TEXT    NOT NULL,
    types      TEXT,
    tenants    TEXT,
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    from_file  INTEGER NOT NULL
) WITHOUT ROWID;

-- What a webhook has not taken yet: due at an instant, or given up where it is due no more.
CREATE TABLE deliveries (
    webhook      TEXT    NOT NULL,
    notification TEXT    NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER,
    failed_at    INTEGER,
    error        TEXT,
    PRIMARY KEY (webhook, notification)
) WITHOUT ROWID;
CREATE INDEX deliveries_by_due ON deliveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX deliveries_by_notification ON deliveries (notification);
