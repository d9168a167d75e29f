package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
)

type stateError string

func (e stateError) Error() string    { return "server says " + string(e) }
func (e stateError) SQLState() string { return string(e) }

type codeError int

func (e codeError) Error() string { return fmt.Sprint("result code ", int(e)) }
func (e codeError) Code() int     { return int(e) }

// What a driver says without the server's word leaves the outcome open: a round
// is not sent again, in parts or whole.
func TestOutside(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{stateError("22003"), false},
		{stateError("57P01"), true},
		{io.ErrUnexpectedEOF, true},
		{errors.New("tls: bad record MAC"), true},
	} {
		if got := outside(t.Context(), tt.err); got != tt.want {
			t.Errorf("%v: outside %v; want %v", tt.err, got, tt.want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		err error
		is  error
	}{
		{stateError("53100"), ErrFull},
		{stateError("25006"), ErrReadOnly},
		{stateError("XX001"), ErrCorrupt},
		{stateError("58030"), ErrIO},
		{stateError("42P01"), ErrSchema},
		{stateError("40P01"), ErrBusy},
		{stateError("57P01"), ErrLost},
		{stateError("57014"), ErrTimeout},
		{stateError("08006"), ErrLost},
		{codeError(5), ErrBusy},
		{codeError(9), ErrTimeout},
		{codeError(8 | 4<<8), ErrReadOnly}, // an extended code
		{codeError(10 | 4<<8), ErrIO},
		{codeError(11), ErrCorrupt},
		{codeError(26), ErrCorrupt},
		{codeError(13), ErrFull},
		{codeError(14), ErrLost},
		{errors.New("database or disk is full"), ErrFull},
		{errors.New("attempt to write a readonly database"), ErrReadOnly},
		{errors.New("database disk image is malformed"), ErrCorrupt},
		{errors.New("database is locked"), ErrBusy},
		{io.ErrUnexpectedEOF, ErrLost},
		{errors.New("read tcp: connection reset by peer"), ErrLost},
	} {
		err := wrap("commit", fmt.Errorf("driver: %w", tt.err))
		if !errors.Is(err, tt.is) || !errors.Is(err, tt.err) {
			t.Errorf("%v is not %v and itself", err, tt.is)
		}
		for _, a := range advice() {
			if a.is == tt.is && !strings.Contains(err.Error(), a.text) {
				t.Errorf("%v does not say %q", err, a.text)
			}
			if a.is != tt.is && errors.Is(err, a.is) {
				t.Errorf("%v is also %v", err, a.is)
			}
		}
		if again := wrap("open", err); again != err {
			t.Errorf("wrapped twice: %v", again)
		}
	}
	odd := wrap("commit", errors.New("something else"))
	var e *Error
	if !errors.As(odd, &e) || e.Is != nil {
		t.Errorf("got %v, want an *Error of no class", odd)
	}
	for _, plain := range []error{context.Canceled, store.ErrNotFound, store.ErrLease} {
		if err := wrap("load", fmt.Errorf("x: %w", plain)); !errors.Is(err, plain) || errors.As(err, &e) {
			t.Errorf("%v became an *Error: %v", plain, err)
		}
	}
	if wrap("load", nil) != nil {
		t.Error("no error became one")
	}
}

func TestOpenNamesTheDialects(t *testing.T) {
	_, err := Open(t.Context(), nil, 0)
	if err == nil || !strings.Contains(err.Error(), "pass sqlstore.SQLite or sqlstore.PostgreSQL") {
		t.Errorf("got error %v, want what to pass", err)
	}
}

func TestBehindPrefix(t *testing.T) {
	for _, tt := range []struct{ prefix, inside, behind string }{
		{"a", "a\xff\xff\xff", "b"},
		{"a\xff", "a\xff\xff", "b"},
		{"alert/", "alert/\xff", "alert0"},
	} {
		got := string(behindPrefix(tt.prefix))
		if tt.inside >= got || tt.behind < got {
			t.Errorf("behind %q is %q, want it between %q and %q", tt.prefix, got, tt.inside, tt.behind)
		}
	}
	for _, prefix := range []string{"", "\xff", "\xff\xff"} {
		if longest := strings.Repeat("\xff", store.MaxName); string(behindPrefix(prefix)) <= longest {
			t.Errorf("behind %q is before the last of all names", prefix)
		}
	}
}

func TestMigrationsSplit(t *testing.T) {
	for _, d := range []Dialect{SQLite, PostgreSQL} {
		steps, err := d.steps()
		if err != nil || len(steps) == 0 {
			t.Fatalf("%s: %d steps, %v", d, len(steps), err)
		}
		for _, step := range steps {
			for _, s := range statements(step) {
				if n := strings.Count(s, "CREATE ") + strings.Count(s, "INSERT "); n != 1 {
					t.Errorf("%s: %d statements in one: %s", d, n, s)
				}
				if strings.Contains(s, "?") || strings.Contains(s, "IF NOT EXISTS") {
					t.Errorf("%s: a migration must fail where its table is there: %s", d, s)
				}
			}
		}
	}
}

func TestArray(t *testing.T) {
	var blobs, ints, none array
	blobs.bytes([]byte("a\"\\\x00"))
	blobs.bytes(nil)
	blobs.optional(nil)
	blobs.optional([]byte{})
	ints.int(-7)
	ints.int(9)
	for _, tt := range []struct {
		of   *array
		how  encoding
		want any
	}{
		{&blobs, asText, `{"\\x61225c00","\\x",NULL,"\\x"}`},
		{&blobs, asSlices, [][]byte{[]byte("a\"\\\x00"), {}, nil, {}}},
		{&ints, asText, `{-7,9}`},
		{&ints, asSlices, []int64{-7, 9}},
		{&none, asText, nil},
		{&none, asSlices, nil},
	} {
		if got := tt.how.value(tt.of); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("got %#v, want %#v", got, tt.want)
		}
	}
}

func TestSplit(t *testing.T) {
	mk := func(stream, key string) *store.Commit { return &store.Commit{Stream: stream, Key: key} }
	commits := []*store.Commit{mk("a#1", "a"), mk("b", ""), mk("a#2", "a"), mk("c", ""), mk("b", ""), mk("a#2", "")}
	var got []string
	for len(commits) > 0 {
		var round []*store.Commit
		round, commits = split(commits)
		var names []string
		for _, c := range round {
			names = append(names, c.Stream)
		}
		got = append(got, strings.Join(names, " "))
	}
	if want := "a#1 b c, a#2 b, a#2"; strings.Join(got, ", ") != want {
		t.Errorf("rounds %q, want %q", strings.Join(got, ", "), want)
	}
}
