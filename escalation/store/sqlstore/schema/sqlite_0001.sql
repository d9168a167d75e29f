-- Names, keys and ids are bytes. "Never" is the largest integer, so that no
-- column is null for it. Indexes on what is due leave it out.

CREATE TABLE belfry_stream (
	id       INTEGER PRIMARY KEY,
	name     BLOB NOT NULL UNIQUE,
	key      BLOB,               -- null: none
	ordinal  INTEGER,            -- counts the streams of the key
	seq      INTEGER NOT NULL,
	at       INTEGER NOT NULL,
	hash     BLOB NOT NULL,
	open     INTEGER NOT NULL,
	rank     INTEGER NOT NULL,
	due      INTEGER NOT NULL,
	document BLOB NOT NULL,
	state    BLOB,
	last     INTEGER NOT NULL,   -- the id of the last entry
	was      INTEGER NOT NULL    -- and of the one before the last commit
) STRICT;
CREATE UNIQUE INDEX belfry_stream_key ON belfry_stream (key, ordinal) WHERE key IS NOT NULL;
CREATE INDEX belfry_stream_due ON belfry_stream (rank, due, name) WHERE due < 9223372036854775807;

-- What changes rarely stands apart, so that a commit does not write it anew.
CREATE TABLE belfry_subject (
	stream INTEGER PRIMARY KEY,
	seq    INTEGER NOT NULL,
	body   BLOB
) STRICT;

-- Entries of all streams in the order of their commits: new ones go to the end
-- of the file's newest page, however many streams there are. Each knows the one
-- before it of its stream, and the stream knows its last.
CREATE TABLE belfry_entry (
	id     INTEGER PRIMARY KEY,
	prev   INTEGER NOT NULL,     -- 0: none
	stream INTEGER NOT NULL,
	seq    INTEGER NOT NULL,
	at     INTEGER NOT NULL,
	kind   INTEGER NOT NULL,
	salt   BLOB,
	body   BLOB,
	sum    BLOB,                 -- of an erased entry
	hash   BLOB NOT NULL
) STRICT;

-- digest is SHA-256 over author, kind and id.
CREATE TABLE belfry_seen (
	stream  INTEGER NOT NULL,
	digest  BLOB NOT NULL,
	content BLOB NOT NULL,
	seq     INTEGER NOT NULL,
	verdict INTEGER NOT NULL,
	reason  INTEGER NOT NULL,
	PRIMARY KEY (stream, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE belfry_item (
	stream     BLOB NOT NULL,    -- its name, by which items are ordered
	seq        INTEGER NOT NULL,
	i          INTEGER NOT NULL,
	rank       INTEGER NOT NULL,
	not_before INTEGER NOT NULL,
	target     BLOB,
	body       BLOB,
	attempt    INTEGER NOT NULL,
	first      INTEGER NOT NULL,
	token      INTEGER NOT NULL,
	PRIMARY KEY (stream, seq, i)
) STRICT, WITHOUT ROWID;
CREATE INDEX belfry_item_leaves ON belfry_item (rank, not_before, stream, seq, i) WHERE not_before < 9223372036854775807;

-- Who took which due stream. It counts while the stream stands at seq.
CREATE TABLE belfry_taken (
	stream INTEGER PRIMARY KEY,
	seq    INTEGER NOT NULL,
	owner  BLOB NOT NULL,
	until  INTEGER NOT NULL
) STRICT;

CREATE TABLE belfry_document (
	digest BLOB PRIMARY KEY,
	body   BLOB
) STRICT, WITHOUT ROWID;
