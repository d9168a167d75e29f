-- Which streams were posted, and by which entry last.
CREATE TABLE belfry_posted (
	stream INTEGER PRIMARY KEY,
	entry  INTEGER NOT NULL
) STRICT;
CREATE INDEX belfry_posted_entry ON belfry_posted (entry);

-- What was written before may have been posted.
INSERT INTO belfry_posted (stream, entry) SELECT id, last FROM belfry_stream;
