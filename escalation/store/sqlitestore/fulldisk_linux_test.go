package sqlitestore_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
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
