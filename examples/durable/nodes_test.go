//go:build unix

package main

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// postgres makes a schema for the length of a test, and returns the URL that
// leads into it.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("BELFRY_PG")
	if url == "" {
		url = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	db, err := sql.Open("pgx", url)
	if err == nil {
		err = db.PingContext(t.Context())
	}
	if err != nil {
		const how = "no PostgreSQL: set BELFRY_PG to the URL of one in which schemas may be made, or start one on 127.0.0.1:5432 that trusts user postgres"
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v", how, err)
		}
		t.Skipf("%s: %v", how, err)
	}
	name := "belfry_test_" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if e := db.Close(); err != nil || e != nil {
			t.Error(err, e)
		}
	})
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + name
}

// node is one process of several.
type node struct {
	name  string
	cmd   *exec.Cmd
	round int
}

// TestNodes kills and pauses processes that share one PostgreSQL, and lets
// somebody acknowledge now and then. BELFRY_ROUNDS says how often; see make
// nodes.
func TestNodes(t *testing.T) {
	f := newFleet(t, postgres(t))
	n := rounds(t, 6)
	nodes := []*node{{name: "a"}, {name: "b"}, {name: "c"}}
	opened := 0
	run := func(v *node) {
		v.cmd = f.start(append(keyOf(opened), "-stay", "-node", v.name)...)
		opened++
	}
	end := func(v *node) {
		_ = v.cmd.Process.Kill()
		_ = v.cmd.Wait() // it was killed
	}
	for _, v := range nodes {
		run(v)
	}
	t.Cleanup(func() {
		for _, v := range nodes {
			end(v)
		}
	})
	paused := 0
	for range n {
		f.pass(200*time.Millisecond, 900*time.Millisecond)
		v := nodes[f.r.IntN(len(nodes))]
		if f.r.IntN(2) == 0 {
			end(v)
			run(v)
			continue
		}
		paused++
		if err := v.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if key := f.r.IntN(opened); f.read().opened[fmt.Sprint("k", key)] {
			f.finish(append(keyOf(key), "-node", "phone", "-ack", "sam")...)
		}
		// Leases last three seconds: some pauses outlast them.
		f.pass(500*time.Millisecond, 5*time.Second)
		if err := v.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range nodes[1:] {
		end(v)
	}
	f.finish(append(keyOf(opened), "-node", "last")...)
	s := f.read()
	v := f.judge(s)
	st, err := open(t.Context(), f.db)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	f.verify(st)
	t.Logf("%d rounds, of which %d pauses, three nodes, %d alerts opened, %d acknowledged: %d pages missing, %d tiers told under two ids, %d pages said again under their id",
		n, paused, v.opened, len(s.acked), v.missing, v.twice, v.again)
}
