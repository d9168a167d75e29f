package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// sqlite is the backend of a file.
type sqlite struct {
	db        *sql.DB
	namespace string
	reads     *reader
	// turn holds one token: who has it may write. SQLite has one writer, and
	// those of one process queue better here than by trying again and again.
	turn chan struct{}
	w    *writer       // of who has the turn; nil: to be opened
	busy time.Duration // how long the writer waits for another process
}

// writer is the connection that writes, with its statements prepared.
type writer struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	full     bool // synchronous=FULL, else NORMAL
}

func openSQLite(ctx context.Context, db *sql.DB, busy time.Duration) (*sqlite, error) {
	if db.Stats().MaxOpenConnections == 1 {
		return nil, errors.New("the pool has one connection, which would be the writer's: call db.SetMaxOpenConns with 2 or more")
	}
	s := &sqlite{db: db, reads: newReader(db, SQLite), turn: make(chan struct{}, 1), busy: busy}
	s.turn <- struct{}{}
	err := s.write(ctx, true, func(w *writer) (err error) {
		s.namespace, err = SQLite.migrate(ctx, sqliteMigration{w})
		return err
	})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *sqlite) close() error {
	if s.w == nil {
		return nil
	}
	w := s.w
	s.w = nil
	return w.close()
}

// write runs do in a transaction: all of it, or nothing. Durable says whether
// to wait for the disk, so that it outlives a failure of power too.
func (s *sqlite) write(ctx context.Context, durable bool, do func(*writer) error) error {
	return s.alone(ctx, func(w *writer) error {
		if err := w.synchronous(durable); err != nil {
			return err
		}
		_, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		// From here on no context: a statement takes no time to speak of, and to
		// watch a context costs more than it.
		if err == nil {
			err = do(w)
		}
		if err == nil {
			_, err = w.exec("COMMIT")
		}
		if err != nil {
			s.rollback(w)
		}
		return err
	})
}

// rollback ends a transaction that failed, if there is one: who is cut off in
// BEGIN does not know.
func (s *sqlite) rollback(w *writer) {
	_, err := w.conn.ExecContext(context.Background(), "ROLLBACK")
	if err != nil && !isNoTransaction(err) {
		s.drop()
	}
}

// alone runs do with the writer, when its turn has come.
func (s *sqlite) alone(ctx context.Context, do func(*writer) error) error {
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.w == nil {
		w, err := openWriter(ctx, s.db, s.busy)
		if err != nil {
			return err
		}
		s.w = w
	}
	err := do(s.w)
	if err != nil {
		if class := classify(err); errors.Is(class, ErrIO) || errors.Is(class, ErrLost) || errors.Is(class, ErrCorrupt) {
			// After a failed fsync nobody knows what the file's pages are: read
			// them anew instead of trying it once more.
			s.drop()
		}
	}
	return err
}

// drop gives the writer up; the next who writes opens another.
func (s *sqlite) drop() {
	if s.w == nil {
		return
	}
	for _, st := range s.w.prepared { // before their connection: a driver may not bear it after
		_ = st.Close()
	}
	clear(s.w.prepared)
	_ = s.w.conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool does not keep it
	_ = s.w.close()
	s.w = nil
}

// openWriter takes a connection and sets it up.
func openWriter(ctx context.Context, db *sql.DB, busy time.Duration) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn, prepared: map[string]*sql.Stmt{}, full: true}
	if err := w.setUp(ctx, busy); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

func (w *writer) setUp(ctx context.Context, busy time.Duration) error {
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA busy_timeout = %d", busy.Milliseconds()),
		"PRAGMA synchronous = FULL", "PRAGMA secure_delete = FAST", "PRAGMA cache_size = -16000", // kB
		"PRAGMA wal_autocheckpoint = 4000", // pages; what many commits touch goes into the file once
	} {
		if _, err := w.conn.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	mode, err := w.wal(ctx)
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the journal mode is %q instead of WAL: the store needs a file, on a disk of this machine", mode)
	}
	return nil
}

// wal switches to WAL mode. Who does so while another does gets "locked" at
// once, whatever the time-out.
func (w *writer) wal(ctx context.Context) (mode string, err error) {
	wait := time.NewTimer(0)
	defer wait.Stop()
	for tries := 0; ; tries++ {
		select {
		case <-wait.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
		err := w.conn.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		if err == nil || tries == 100 || !errors.Is(classify(err), ErrBusy) {
			return mode, err
		}
		wait.Reset(20 * time.Millisecond)
	}
}

func (w *writer) close() error {
	var err error
	for _, st := range w.prepared {
		err = errors.Join(err, st.Close())
	}
	if e := w.conn.Close(); !errors.Is(e, sql.ErrConnDone) {
		err = errors.Join(err, e)
	}
	return err
}

// synchronous says whether a commit waits for the disk.
func (w *writer) synchronous(full bool) error {
	if w.full == full {
		return nil
	}
	text := "PRAGMA synchronous = NORMAL"
	if full {
		text = "PRAGMA synchronous = FULL"
	}
	_, err := w.exec(text)
	if err == nil {
		w.full = full
	}
	return err
}

func (w *writer) statement(text string) (*sql.Stmt, error) {
	if st, ok := w.prepared[text]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(context.Background(), text)
	if err == nil {
		w.prepared[text] = st
	}
	return st, err
}

func (w *writer) exec(text string, args ...any) (sql.Result, error) {
	st, err := w.statement(text)
	if err != nil {
		return nil, err
	}
	return st.Exec(args...)
}

func (w *writer) query(text string, args ...any) (*sql.Rows, error) {
	st, err := w.statement(text)
	if err != nil {
		return nil, err
	}
	return st.Query(args...)
}

// row scans the only row of a query. sql.ErrNoRows: there is none.
func (w *writer) row(text string, args []any, into ...any) error {
	rows, err := w.query(text, args...)
	if err != nil {
		return err
	}
	return only(rows, into...)
}

// changed executes and answers how many rows were changed.
func (w *writer) changed(text string, args ...any) (int64, error) {
	res, err := w.exec(text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// sqliteMigration migrates in the writer's transaction. Its statements are not
// kept, for the tables change under them.
type sqliteMigration struct{ w *writer }

func (m sqliteMigration) exec(ctx context.Context, text string, args ...any) error {
	_, err := m.w.conn.ExecContext(ctx, text, args...)
	return err
}

func (m sqliteMigration) row(ctx context.Context, text string, a, b any) error {
	return m.w.conn.QueryRowContext(ctx, text).Scan(a, b)
}

func (m sqliteMigration) exists(ctx context.Context, table string) (there bool, err error) {
	err = m.w.conn.QueryRowContext(ctx, "SELECT count(*) > 0 FROM sqlite_master WHERE type = 'table' AND name = ?", table).Scan(&there)
	return there, err
}
