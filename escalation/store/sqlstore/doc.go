// Package sqlstore is a store in a database: one SQLite file for one machine,
// or PostgreSQL for many nodes. It keeps the whole contract of package store.
//
// It knows database/sql and no driver; the host brings one:
//
//	db, err := sql.Open("sqlite", "belfry.db") // modernc.org/sqlite, or another
//	st, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
//	defer st.Close()
//	eng, err := engine.New(engine.Config{Store: st, …})
//
// Two small modules beside this one do so in one call: sqlitestore.Open(ctx,
// path) and pgstore.Open(ctx, url).
//
// # Group commit
//
// What costs is not the writing but the waiting for the disk. Callers that
// commit at the same time share one transaction: the first becomes the leader
// and writes what has gathered, its own and the others'. Each commit still
// stands or falls by itself. There is no goroutine; when nobody calls, nothing
// runs.
//
// # SQLite
//
// One file in WAL mode with synchronous=FULL: when Commit returns, the disk has
// it. One connection of the pool is the store's own, and writes; others read at
// the same time. Leases and settlements are written without waiting for the
// disk: they outlive a crash of the process, and a failure of power may undo
// the last of them. It ends every holder of a lease on that machine, too.
//
// # PostgreSQL
//
// Everything that writes is one statement, which the server runs to its end by
// itself: a node that is paused or cut off in the middle holds no lock that
// others wait for. Commits compare position and hash in the WHERE of their
// UPDATE; claims pass over what another is claiming (FOR UPDATE SKIP LOCKED).
// There is no leader and no session lock, so a pooler between them does no
// harm. The tables stand in the schema that the connections' search_path names
// first. See [PostgreSQLSettings] for what the connections should say.
//
// # Schema
//
// Open creates the tables, which all begin with belfry_, or brings them up to
// date; several nodes may do so at once. It never goes back: tables of a newer
// version than this package knows are ErrSchema, and are not touched.
//
// # Deadlines
//
// Each call has one, see [Timeout], whatever its context allows: a server that
// hangs does not hang the engine. A server should hold to it too, so that it
// leaves no statement of a node that is gone: set statement_timeout of the
// connections, as pgstore does.
//
// # Errors
//
// A failure of the database is an [*Error]: it says what is wrong and what to
// do, and errors.Is finds ErrFull, ErrReadOnly, ErrCorrupt, ErrIO, ErrLost,
// ErrTimeout, ErrBusy and ErrSchema in it. After a failed Commit the outcome is unknown, above all
// when the connection was lost; store.Resolve finds it by the entry's hash. The
// engine does so by itself.
package sqlstore
