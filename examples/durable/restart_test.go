//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/internal/golden"
)

// TestRestart is what the example's comment promises, on both databases: killed
// in mid-ladder and started again, it goes on where it was due, under the same
// ids, and tells nobody twice.
func TestRestart(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		restart(t, func() string { return filepath.Join(t.TempDir(), "belfry.db") })
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		restart(t, func() string { return postgres(t) })
	})
}

func restart(t *testing.T, db func() string) {
	const most = 10 // a machine that stands still for a second kills too late
	for range most {
		f := newFleet(t, db())
		cmd := f.start()
		// The first page was said, and that it was is committed.
		f.await(t, "report applied delivered")
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		before := f.text()
		if strings.Contains(before, `tier "soc"`) || strings.Contains(before, ": tick") {
			continue
		}
		f.finish()
		f.judge()
		after := strings.TrimPrefix(f.text(), before)
		golden.Check(t, "restart.txt", []byte(
			"$ durable -db DB\n"+tidy(before, before)+"$ kill -9\n$ durable -db DB\n"+tidy(after, before)))
		return
	}
	t.Fatalf("in %d tries it was never killed before the second tier", most)
}

// await waits for words, a minute at most.
func (f *fleet) await(t *testing.T, words string) {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for limit := time.Now().Add(time.Minute); !strings.Contains(f.text(), words); <-look.C {
		if time.Now().After(limit) {
			t.Fatalf("%q was not said within a minute:\n%s", words, f.text())
		}
	}
}

// tidy is what one process said of its trigger and its pages, each page once and
// in the order in which they were due, counted from the first of the story. The
// ids and the order of the records between them differ from run to run.
func tidy(text, story string) string {
	const day = 24 * time.Hour // the story may span midnight
	page := regexp.MustCompile(`(?m)^page \S+ (\S+): (.*) for .*$`)
	zero := clock(page.FindStringSubmatch(story)[1])
	var lines []string
	for _, m := range page.FindAllStringSubmatch(text, -1) {
		lines = append(lines, fmt.Sprintf("+%v: %s\n", (clock(m[1])-zero+day)%day, m[2]))
	}
	slices.Sort(lines) // all within ten seconds
	trigger := regexp.MustCompile(`(?m)^trigger .*, `).FindString(text)
	return strings.TrimSuffix(trigger, ", ") + "\n" + strings.Join(slices.Compact(lines), "")
}

// clock is a time of day.
func clock(text string) time.Duration {
	var h, m, s, ms int
	_, _ = fmt.Sscanf(text, "%d:%d:%d.%d", &h, &m, &s, &ms)
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(ms)*time.Millisecond
}
