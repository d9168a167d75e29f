package main

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/internal/golden"
)

// watched runs the program as fast as it goes and returns what it printed and
// for how long it would have kept its reader.
func watched(t *testing.T, args ...string) (out string, took time.Duration) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := program(t.Context(), args, &stdout, &stderr, func(_ context.Context, d time.Duration) error {
		took += d
		return nil
	})
	if code != 0 || stderr.Len() > 0 {
		t.Fatalf("quickstart %v: exit %d, last resort and errors: %s", args, code, &stderr)
	}
	return stdout.String(), took
}

// The same output stands in the README; a test beside that keeps it so.
func TestOutput(t *testing.T) {
	out, _ := watched(t)
	golden.Check(t, "output.txt", []byte(out))
}

func TestIsOverSoon(t *testing.T) {
	if _, took := watched(t); took > 12*time.Second || took == 0 {
		t.Errorf("the day takes %v of its reader; want at most 12s, and not nothing", took)
	}
	if _, took := watched(t, "-speed", "0"); took != 0 {
		t.Errorf("with -speed 0 the day waits %v", took)
	}
}

// Two runs differ in the store's random namespace; nothing of it may show.
func TestJSON(t *testing.T) {
	first, _ := watched(t, "-json")
	second, _ := watched(t, "-json")
	if first != second {
		t.Error("two runs printed different JSON")
	}
	count := map[string]int{}
	for line := range strings.Lines(first) {
		var e struct {
			At   time.Time `json:"at"`
			Type string    `json:"type"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if e.At.IsZero() || e.At.Year() != 2026 {
			t.Errorf("line %q is of no instant of the day", line)
		}
		count[e.Type]++
	}
	for _, want := range []string{"event", "notify", "run", "check", "record"} {
		if count[want] == 0 {
			t.Errorf("no line of type %q", want)
		}
		delete(count, want)
	}
	if len(count) > 0 {
		t.Errorf("lines of unknown types: %v", count)
	}
}

// The policies are held to their test files by go test, too.
func TestPolicyFiles(t *testing.T) {
	names, err := filepath.Glob("*.test.yaml")
	if err != nil || len(names) != 4 {
		t.Fatalf("test files %v, %v; want one for each case", names, err)
	}
	escalationtest.Run(t, names...)
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-speed", "-1"}, {"surplus"}, {"-unknown"}} {
		var stdout, stderr bytes.Buffer
		if code := program(t.Context(), args, &stdout, &stderr, pause); code != 2 || stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%v: exit %d, stdout %q, stderr %q; want 2 and words on stderr", args, code, &stdout, &stderr)
		}
	}
}

func TestInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, args := range [][]string{nil, {"-speed", "0"}} {
		var stdout, stderr bytes.Buffer
		if code := program(ctx, args, &stdout, &stderr, pause); code != 1 || !strings.Contains(stderr.String(), "context canceled") {
			t.Errorf("%v: exit %d, stderr %q; want 1 and why", args, code, &stderr)
		}
	}
}

// broken is a pipe whose reader has gone.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, context.DeadlineExceeded }

func TestBrokenPipe(t *testing.T) {
	var stderr bytes.Buffer
	if code := program(t.Context(), []string{"-speed", "0"}, broken{}, &stderr, pause); code != 1 {
		t.Errorf("exit %d, stderr %q; want 1: the output went nowhere", code, &stderr)
	}
}
