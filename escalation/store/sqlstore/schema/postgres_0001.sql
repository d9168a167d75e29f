-- Names, keys and ids are bytes. "Never" is the largest bigint, so that no
-- column is null for it. Indexes on what is due leave it out.

CREATE TABLE belfry_stream (
	id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name     bytea NOT NULL UNIQUE,
	key      bytea,              -- null: none
	ordinal  bigint,             -- counts the streams of the key: of two that are born at once one fails
	seq      bigint NOT NULL,
	at       bigint NOT NULL,
	hash     bytea NOT NULL,
	open     smallint NOT NULL,
	rank     smallint NOT NULL,
	due      bigint NOT NULL,
	document bytea NOT NULL,
	state    bytea
);
CREATE UNIQUE INDEX belfry_stream_key ON belfry_stream (key, ordinal) WHERE key IS NOT NULL;
CREATE INDEX belfry_stream_due ON belfry_stream (rank, due, name) WHERE due < 9223372036854775807;

-- What changes rarely stands apart, so that a commit does not write it anew.
CREATE TABLE belfry_subject (
	stream bigint PRIMARY KEY,
	seq    bigint NOT NULL,
	body   bytea
);

CREATE TABLE belfry_entry (
	stream bigint NOT NULL,
	seq    bigint NOT NULL,
	at     bigint NOT NULL,
	kind   smallint NOT NULL,
	salt   bytea,
	body   bytea,
	sum    bytea,                -- of an erased entry
	hash   bytea NOT NULL,
	PRIMARY KEY (stream, seq)
);

-- digest is SHA-256 over author, kind and id.
CREATE TABLE belfry_seen (
	stream  bigint NOT NULL,
	digest  bytea NOT NULL,
	content bytea NOT NULL,
	seq     bigint NOT NULL,
	verdict smallint NOT NULL,
	reason  smallint NOT NULL,
	PRIMARY KEY (stream, digest)
);

CREATE TABLE belfry_item (
	stream     bytea NOT NULL,   -- its name, by which items are ordered
	seq        bigint NOT NULL,
	i          integer NOT NULL,
	rank       smallint NOT NULL,
	not_before bigint NOT NULL,
	target     bytea,
	body       bytea,
	attempt    bigint NOT NULL,
	first      bigint NOT NULL,
	token      bigint NOT NULL,
	PRIMARY KEY (stream, seq, i)
);
CREATE INDEX belfry_item_leaves ON belfry_item (rank, not_before, stream, seq, i) WHERE not_before < 9223372036854775807;

-- Who took which due stream. It counts while the stream stands at seq, and may
-- be lost with the server's crash: taking binds nothing.
CREATE UNLOGGED TABLE belfry_taken (
	stream bigint PRIMARY KEY,
	seq    bigint NOT NULL,
	owner  bytea NOT NULL,
	until  bigint NOT NULL
);

CREATE TABLE belfry_document (
	digest bytea PRIMARY KEY,
	body   bytea
);
