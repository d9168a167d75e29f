-- Which streams were posted, and by which transaction last. Transactions are
-- numbered before they end: a reader goes on from the oldest that had not ended
-- when it looked.
CREATE TABLE belfry_posted (
	stream bigint PRIMARY KEY,
	at     xid8 NOT NULL
);
CREATE INDEX belfry_posted_at ON belfry_posted (at);

-- What was written before may have been posted.
INSERT INTO belfry_posted (stream, at) SELECT id, pg_current_xact_id() FROM belfry_stream;
