CREATE TEMPORARY TABLE staged_requests (
    at     BIGINT           NOT NULL,
    id     TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    op     TEXT COLLATE "C" NOT NULL,
    class  TEXT COLLATE "C" NOT NULL,
    flavor TEXT COLLATE "C",
    body   TEXT             NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_observations (
    position BIGINT           NOT NULL,
    at       BIGINT           NOT NULL,
    request  TEXT COLLATE "C" NOT NULL,
    digest   BYTEA            NOT NULL,
    body     TEXT             NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE staged_readings (
    at     BIGINT           NOT NULL,
    sensor TEXT COLLATE "C" NOT NULL,
    scope  TEXT COLLATE "C" NOT NULL,
    value  DOUBLE PRECISION NOT NULL
) ON COMMIT DELETE ROWS;
