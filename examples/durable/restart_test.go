//go:build unix

package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
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
		f.await(t, "/2: report applied delivered")
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		before := f.text()
		if strings.Contains(before, `tier "soc"`) || strings.Contains(before, ": tick") {
			continue
		}
		f.finish()
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

// tidy puts the lines of one process into the order of the records, for what is
// told and what is recorded are said by two goroutines, and takes out of them
// what differs from run to run. Instants are counted from the first page that
// the story has.
func tidy(text, story string) string {
	const day = 24 * time.Hour // the story may span midnight
	page := regexp.MustCompile(`page \S+ (\S+):`)
	zero := clock(page.FindStringSubmatch(story)[1])
	text = page.ReplaceAllStringFunc(text, func(found string) string {
		m := page.FindStringSubmatch(found)
		return strings.Replace(found, m[1], "+"+((clock(m[1])-zero+day)%day).String(), 1)
	})
	text = regexp.MustCompile(`[A-Z2-7]{26}:`).ReplaceAllString(text, "")
	lines := slices.Collect(strings.Lines(text))
	number := regexp.MustCompile(`#1/(\d+)`)
	slices.SortStableFunc(lines, func(a, b string) int {
		return cmp.Or(cmp.Compare(first(number, a), first(number, b)), -strings.Compare(a, b))
	})
	return strings.Join(lines, "")
}

// first is the first number in a line; 0: none.
func first(re *regexp.Regexp, line string) int {
	m := re.FindStringSubmatch(line)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// clock is a time of day.
func clock(text string) time.Duration {
	var h, m, s, ms int
	_, _ = fmt.Sscanf(text, "%d:%d:%d.%d", &h, &m, &s, &ms)
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(ms)*time.Millisecond
}
