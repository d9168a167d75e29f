package sqlitestore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// smallDisk mounts a file system of a megabyte for the length of a test.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("no disk to fill: only root may mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestDiskThatFills fills a disk with commits until there is no room: nothing
// that was written is lost, and when there is room again the store goes on by
// itself.
func TestDiskThatFills(t *testing.T) {
	dir := smallDisk(t)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 500<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	st, err := sqlstore.Open(t.Context(), raw(t, "file:"+filepath.Join(dir, "belfry.db")), sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	w := newWriter("s")
	k := w.commit(20 << 10)
	for err = st.Commit(t.Context(), k); err == nil; err = st.Commit(t.Context(), k) {
		w.at = k.Position()
		k = w.commit(20 << 10)
	}
	wantAdvice(t, err, sqlstore.ErrFull, "free space")
	if w.at.Seq == 0 {
		t.Error("not one commit had room")
	}
	if err := store.Resolve(t.Context(), st, k); !errors.Is(err, store.ErrConflict) {
		t.Errorf("resolve says %v, want that it is not written", err)
	}
	if end, err := store.Verify(store.Genesis("s"), st.History(t.Context(), "s", 0)); err != nil || end != w.at {
		t.Errorf("on a full disk the history ends at %d, %v; want %d", end.Seq, err, w.at.Seq)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := st.Commit(t.Context(), k); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

// TestEngineOnAFullDisk has a tier fall due while the disk is full: the last
// resort is told, and where there is room again the history says so.
func TestEngineOnAFullDisk(t *testing.T) {
	dir := smallDisk(t)
	st, err := sqlstore.Open(t.Context(), raw(t, "file:"+filepath.Join(dir, "belfry.db")), sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	doc, err := policy.Parse("policies.json", []byte(`{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [
		{"name": "one", "notify": ["user:omar"], "wait": "5m"}, {"name": "two", "notify": ["user:nina"], "wait": "1h"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var last []notify.Notification
	c := clock.NewMock()
	e, err := engine.New(engine.Config{
		Policies: doc, Store: st, Clock: c,
		Notifier: notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) { return notify.Receipt{}, nil }),
		LastResort: notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			last = append(last, n)
			return notify.Receipt{}, nil
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	alert := policy.Alert{
		Key: "db", Kind: policy.RotationFailed, Severity: policy.SeverityHigh, BlastRadius: policy.BlastService,
		Identity: policy.Identity{ID: "svc-db", Criticality: policy.CriticalityMedium},
	}
	if _, err := e.Trigger(t.Context(), alert, engine.By(policy.Service("test"))); err != nil {
		t.Fatal(err)
	}
	if err := e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full: %v", err)
	}
	for range 20 {
		c.Add(20 * time.Second)
		if err := e.Settle(t.Context()); err != nil && !errors.Is(err, sqlstore.ErrFull) {
			t.Fatal(err)
		}
	}
	if len(last) != 1 || !last[0].Unjournaled {
		t.Fatalf("told the last resort %v; want it told of the tier once, unjournaled", last)
	}
	if _, err := e.Acknowledge(t.Context(), "db", engine.By(policy.User("omar"))); !errors.Is(err, sqlstore.ErrFull) {
		t.Errorf("acknowledged: %v; want ErrFull", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	notes := 0
	for entry, err := range st.History(t.Context(), "alert/db#1", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if r, err := escalation.DecodeRecord(entry.Body); err == nil && strings.HasPrefix(r.Event.Text, "unjournaled:") {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("%d notes; want one of what was told", notes)
	}
}
