// Command durable shows that a page outlives the process that owes it. It opens
// an alert about a leaked key, pages one person after the other, and keeps
// everything in a database:
//
//	go run ./examples/durable -db belfry.db
//
// Kill it in the middle (kill -9 is best) and start it again: it goes on where
// it was due, with the same ids, and does not tell anybody a second time. What
// it was just saying when it died is said once more, under the same id, for
// nobody can know whether it was heard; the record of it says so. From another
// terminal,
//
//	go run ./examples/durable -db belfry.db -ack sam
//
// somebody takes it, and the ladder stops. With a URL of PostgreSQL instead of
// a file several may run at once, each with a -node of its own.
package main

import (
	"context"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/escalation/store/sqlitestore"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

//go:embed policies.yaml
var policies []byte

// settings are what the command line says.
type settings struct {
	db, policies, node, key, id, ack string
	stay                             bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := program(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program is main without the process.
func program(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	flags := flag.NewFlagSet("durable", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&s.db, "db", "belfry.db", "a SQLite `file`, or the URL of a PostgreSQL database")
	flags.StringVar(&s.policies, "policies", "", "another policy `file` than the example's")
	flags.StringVar(&s.node, "node", "", "the `name` of this process among several on one database")
	flags.StringVar(&s.key, "key", "billing-key", "the alert's `key`")
	flags.StringVar(&s.id, "id", "leak-1", "the `id` of the event that opens the alert; the same id opens nothing twice")
	flags.StringVar(&s.ack, "ack", "", "acknowledge the alert as this `person`, and end")
	flags.BoolVar(&s.stay, "stay", false, "go on when there is nothing to come")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if err := s.run(ctx, &output{w: stdout}, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "durable:", err)
		return 1
	}
	return 0
}

// database is a store that is closed.
type database interface {
	store.Store
	Close() error
}

// open opens the database that -db names.
func open(ctx context.Context, db string) (database, error) {
	if strings.HasPrefix(db, "postgres://") || strings.HasPrefix(db, "postgresql://") {
		return pgstore.Open(ctx, db)
	}
	return sqlitestore.Open(ctx, db)
}

func (s *settings) run(ctx context.Context, out *output, stderr io.Writer) (err error) {
	doc, err := s.document()
	if err != nil {
		return err
	}
	st, err := open(ctx, s.db)
	if err != nil {
		return err
	}
	defer func() {
		if e := st.Close(); err == nil {
			err = e
		}
	}()
	eng, err := engine.New(engine.Config{
		Policies: doc, Store: st, Node: s.node,
		Notifier:   notify.NotifierFunc(out.tell),
		LastResort: notify.NotifierFunc((&output{w: stderr}).tell),
		Subscribe:  out.record,
		// Short, so that what a killed process was just saying is said again
		// soon, and not after two minutes.
		AttemptTimeout: time.Second, Lease: 3 * time.Second, LookAgain: time.Second,
	})
	if err != nil {
		return err
	}
	if s.ack != "" {
		r, err := eng.Acknowledge(ctx, s.key, escalation.Author{Principal: policy.User(s.ack)})
		if err == nil {
			out.printf("acknowledge %s by %s: %s\n", s.key, s.ack, r.Verdict)
		}
		return err
	}
	return s.page(ctx, eng, out)
}

// document reads the policies.
func (s *settings) document() (*policy.Document, error) {
	if s.policies != "" {
		return policyfile.Load(s.policies)
	}
	return policyfile.Parse("policies.yaml", policies)
}

// quiet is how long nothing must be to come before the example ends by itself.
const quiet = time.Minute

// page opens the alert, if it was not opened before, and runs the engine until
// there is nothing to come for a while.
func (s *settings) page(ctx context.Context, eng *engine.Engine, out *output) error {
	r, err := eng.Trigger(ctx, policy.Alert{
		Key: s.key, Kind: policy.SecretLeaked, Severity: policy.SeverityCritical, Summary: "the billing key is in a CI log",
		Identity: policy.Identity{ID: "svc-billing", Owner: policy.User("omar"), Criticality: policy.CriticalityHigh},
	}, escalation.Author{Principal: policy.Service("ci-scanner")}, engine.WithID(s.id))
	if err != nil {
		return err
	}
	out.printf("trigger %s: %s, record %s\n", s.key, r.Verdict, r.ID)

	ctx, end := context.WithCancel(ctx)
	defer end()
	done := make(chan error, 1)
	go func() { done <- eng.Run(ctx) }()
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	for looks := 0; ; {
		select {
		case err := <-done:
			return err
		case <-look.C:
			looks++
			if s.stay || eng.Next() <= policy.InstantOf(time.Now()).Add(quiet) {
				looks = 0
			}
			if looks == 10 { // and not between a step and what follows from it
				end()
			}
		}
	}
}
