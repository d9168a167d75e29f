package benchmarks

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverJob carries what a page needs.
type riverJob struct {
	Key     string `json:"key"`
	To      string `json:"to"`
	Summary string `json:"summary"`
}

// Kind implements river.JobArgs.
func (riverJob) Kind() string { return "page" }

func riverJobNumber(i int) riverJob {
	a := alertNumber(i)
	return riverJob{a.Key, "user:alice", a.Summary}
}

// riverWorker counts the jobs that it is given.
type riverWorker struct {
	river.WorkerDefaults[riverJob]
	worked *atomic.Int64
}

// Work implements river.Worker.
func (w *riverWorker) Work(context.Context, *river.Job[riverJob]) error {
	w.worked.Add(1)
	return nil
}

// riverQueue is River in a schema of its own.
type riverQueue struct {
	client *river.Client[pgx.Tx]
	worked atomic.Int64
}

// newRiver has the settings with which River measures itself: 2,000 workers
// that fetch every 20 ms.
func newRiver(b *testing.B, connections int) *riverQueue {
	b.Helper()
	url, ok := schema(b)
	if !ok {
		b.Skip("River needs PostgreSQL")
	}
	config := must[*pgxpool.Config](b)(pgxpool.ParseConfig(url))
	config.MaxConns = int32(connections)
	pool := must[*pgxpool.Pool](b)(pgxpool.NewWithConfig(b.Context(), config))
	b.Cleanup(pool.Close)
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	driver := riverpgxv5.New(pool)
	migrator := must[*rivermigrate.Migrator[pgx.Tx]](b)(rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet}))
	if _, err := migrator.Migrate(b.Context(), rivermigrate.DirectionUp, nil); err != nil {
		b.Fatal(err)
	}
	q := &riverQueue{}
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{worked: &q.worked})
	q.client = must[*river.Client[pgx.Tx]](b)(river.NewClient(driver, &river.Config{
		Logger: quiet, Workers: workers,
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}},
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
	}))
	return q
}

// insert inserts jobs in batches, from so many connections.
func (q *riverQueue) insert(ctx context.Context, n, batch, callers int) error {
	return each(callers, (n+batch-1)/batch, func(i int) error {
		params := make([]river.InsertManyParams, batch)
		for j := range params {
			params[j].Args = riverJobNumber(i*batch + j)
		}
		done, err := q.client.InsertManyFast(ctx, params)
		if err == nil && done != batch {
			err = fmt.Errorf("%d jobs of %d were inserted", done, batch)
		}
		return err
	})
}

// work works n jobs that are there.
func (q *riverQueue) work(ctx context.Context, n int) error {
	if err := q.client.Start(ctx); err != nil {
		return err
	}
	for q.worked.Load() < int64(n) {
		time.Sleep(time.Millisecond)
	}
	return q.client.Stop(ctx)
}
