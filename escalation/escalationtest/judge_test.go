package escalationtest

import (
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// told is a message as most tests here want one.
func told(at time.Duration, to string, change func(*Seen)) Seen {
	s := Seen{
		At: at, Type: SeenNotify, Key: "k", Incarnation: 1, Track: "main", Tier: "t1", Pass: 1, To: to, Target: "team:x",
		Via: "sms", Kind: notify.KindPage, Reason: "initial", Bundle: 1, Count: 1, Delivered: true,
	}
	if change != nil {
		change(&s)
	}
	return s
}

// judged judges what happened by the lines of a test.
func judged(t *testing.T, test string, seen ...Seen) *verdict {
	t.Helper()
	f := read(preamble + test)
	if f.Err != nil || f.Cases[0].Err != nil {
		t.Fatal(f.Err, f.Cases[0].Err)
	}
	c := f.Cases[0]
	return c.judge(&Timeline{Start: c.Start, End: c.Until, Seen: seen}, map[int]answer{})
}

func TestEachAttributeNarrows(t *testing.T) {
	for _, tc := range []struct {
		line string
		seen func(*Seen)
		ok   bool
	}{
		{"via: sms", nil, true},
		{"via: push", nil, false},
		{"track: main", nil, true},
		{"track: other", nil, false},
		{"tier: t1", nil, true},
		{"tier: t2", nil, false},
		{"pass: 1", nil, true},
		{"pass: 2", nil, false},
		{"reason: initial", nil, true},
		{"reason: repeat", nil, false},
		{"kind: page", nil, true},
		{"kind: notice", nil, false},
		{`target: "team:x"`, nil, true},
		{`target: "team:y"`, nil, false},
		{"bundle: 1", nil, true},
		{"bundle: 2", nil, false},
		{"delivered: true", nil, true},
		{"delivered: false", nil, false},
		{"delivered: false", func(s *Seen) { s.Delivered = false }, true},
		{"key: k", nil, true},
		{"key: other", nil, false},
		{"incarnation: 1", nil, true},
		{"incarnation: 2", nil, false},
		{"count: 1", nil, true},
		{"count: 7", func(s *Seen) { s.Count = 7 }, true},
		{"count: 2", nil, false},
		{"kind: over", func(s *Seen) { s.Kind, s.Reason = notify.KindOver, "" }, true},
		{"via: sms", func(s *Seen) { s.Kind = notify.KindOver }, false}, // only where its kind is named
		{"via: sms", func(s *Seen) { s.Kind = notify.KindUpdate }, false},
		{"via: sms", func(s *Seen) { s.Kind = notify.KindReminder }, true},
	} {
		v := judged(t, "  - {name: x, strict: false, then: [{at: 1m, notify: [user:a], "+tc.line+"}]}\n", told(time.Minute, "user:a", tc.seen))
		if ok := len(v.failures) == 0; ok != tc.ok {
			t.Errorf("%s: holds %t, want %t: %v", tc.line, ok, tc.ok, v.failures)
		}
	}
}

func TestJudge(t *testing.T) {
	a := func(at time.Duration) Seen { return told(at, "user:a", nil) }
	resort := told(time.Minute, "siren", func(s *Seen) { s.Kind = notify.KindLastResort })
	run := func(result string, subjects int) Seen {
		return Seen{At: time.Minute, Type: SeenRun, Key: "k", Incarnation: 1, Run: "r", Name: "n", Result: result, Subjects: subjects}
	}
	for _, tc := range []struct {
		name, test string
		seen       []Seen
		want       string // part of the only failure; "" is none
	}{
		{"each consumes one", "then: [{at: 1m, notify: [user:a]}, {at: 1m, notify: [user:a]}]", []Seen{a(time.Minute)}, "listed by another line"},
		{"two of one", "then: [{at: 1m, notify: [user:a, user:a]}]", []Seen{a(time.Minute), a(time.Minute)}, ""},
		{"two by count", "then: [{at: 1m, notify: [user:a], count: 2}]", []Seen{a(time.Minute), a(time.Minute)}, ""},
		{"one too few by count", "then: [{at: 1m, notify: [user:a], count: 3}]", []Seen{a(time.Minute), a(time.Minute)}, ""},
		{"at another instant", "strict: false, then: [{at: 1m, notify: [user:a]}]", []Seen{a(2 * time.Minute)}, "told at 2m0s, not at 1m0s"},
		{"never", "then: [{at: 1m, notify: [user:a]}]", nil, "never told"},
		{
			"the general line leaves room for the narrow one", "then: [{at: 1m, notify: [user:a]}, {at: 1m, notify: [user:a], via: sms}]",
			[]Seen{told(time.Minute, "user:a", func(s *Seen) { s.Via = "push" }), a(time.Minute)},
			"",
		},
		{"not listed", "then: [{at: 2m, notify: [user:a]}]", []Seen{a(time.Minute), a(2 * time.Minute)}, "no line lists this"},
		{"not strict", "strict: false, then: [{at: 2m, notify: [user:a]}]", []Seen{a(time.Minute), a(2 * time.Minute)}, ""},
		{"the end is excluded", "until: 5m, then: [{at: 1m, notify: [user:a]}]", []Seen{a(time.Minute), a(5 * time.Minute)}, ""},
		{"a line at the end counts", "until: 5m, then: [{at: 5m, notify: [user:a]}]", []Seen{a(5 * time.Minute)}, ""},
		{"over is not strict", "then: [{at: 1m, notify: [user:a]}]", []Seen{a(time.Minute), told(2*time.Minute, "user:a", func(s *Seen) { s.Kind = notify.KindOver })}, ""},
		{"the last resort is not strict", "then: [{between: [0s, 2m], quiet: true}]", []Seen{resort}, ""},
		{"the last resort by its name", "given: {last_resort: [siren]}, then: [{at: 1m, notify: [siren]}]", []Seen{resort}, ""},
		{"by each of its names", "given: {last_resort: [siren, horn]}, then: [{at: 1m, notify: [siren, horn]}]", []Seen{resort}, ""},
		{"by each name once", "given: {last_resort: [siren, horn]}, then: [{at: 1m, notify: [siren, siren]}]", []Seen{resort}, "siren was not told"},
		{"quiet excludes its ends", "strict: false, then: [{between: [1m, 2m], quiet: true}]", []Seen{a(time.Minute), a(2 * time.Minute)}, ""},
		{"not quiet", "strict: false, then: [{between: [1m, 3m], quiet: true}]", []Seen{a(2 * time.Minute)}, "not quiet between 1m0s and 3m0s"},
		{"what a line lists is no quiet", "then: [{at: 2m, notify: [user:a]}, {between: [1m, 3m], quiet: true}]", []Seen{a(2 * time.Minute)}, "not quiet"},
		{"quiet about another key", "strict: false, then: [{between: [1m, 3m], quiet: true, key: z}]", []Seen{a(2 * time.Minute)}, ""},
		{"a start", "then: [{at: 1m, run: r}]", []Seen{run("started", 1), run("done", 1)}, ""},
		{"a start that no line lists", "then: [{at: 1m, run: r, result: done}]", []Seen{run("started", 1), run("done", 1)}, "no line lists this: run r started"},
		{"no start", "then: [{at: 1m, run: r}]", []Seen{run("held", 1)}, "held at 1m0s"},
		{"by its name", "then: [{at: 1m, run: r, name: n}]", []Seen{run("started", 1)}, ""},
		{"by another name", "strict: false, then: [{at: 1m, run: r, name: m}]", []Seen{run("started", 1)}, "was not started"},
		{"so many subjects", "then: [{at: 1m, run: r, subjects: 3}]", []Seen{run("started", 3)}, ""},
		{"fewer subjects", "strict: false, then: [{at: 1m, run: r, subjects: 3}]", []Seen{run("started", 2)}, "2 subjects"},
		{"an undo is no run", "strict: false, then: [{at: 1m, undo: r}]", []Seen{run("started", 1)}, "nothing came of it"},
	} {
		v := judged(t, "  - {name: x, "+tc.test+"}\n", tc.seen...)
		switch {
		case tc.want == "" && tc.name != "one too few by count" && len(v.failures) > 0:
			t.Errorf("%s: %v, want no failure", tc.name, v.failures)
		case tc.name == "one too few by count" && len(v.failures) == 0:
			t.Errorf("%s: no failure", tc.name)
		case tc.want != "" && (len(v.failures) != 1 || !strings.Contains(v.failures[0].text, tc.want)):
			t.Errorf("%s: %v, want one failure with %q", tc.name, v.failures, tc.want)
		}
	}
}

func TestRecordsAndRejections(t *testing.T) {
	type line struct {
		Event   string `json:"event"`
		Verdict string `json:"verdict,omitempty"`
		Reason  string `json:"reason,omitempty"`
		By      string `json:"by,omitempty"`
	}
	rec := func(l line) Seen {
		return Seen{At: time.Minute, Type: SeenRecord, Key: "k", Incarnation: 1, Event: l.Event, Verdict: l.Verdict, Reason: l.Reason, line: &l}
	}
	no := rec(line{"acknowledge", "rejected", "not_a_person", "service:x"})
	for _, tc := range []struct {
		name, then, want string
		seen             []Seen
	}{
		{"expected by its verdict", "{at: 1m, record: {event: acknowledge, verdict: rejected}}", "", []Seen{no}},
		{"expected by its reason", "{at: 1m, record: {event: acknowledge, reason: not_a_person}}", "", []Seen{no}},
		{"not expected", "{between: [0s, 1h], quiet: true}", "did not permit this", []Seen{no}},
		{"stated, not expected", "{at: 1m, record: {event: acknowledge, by: 'service:x'}}", "did not permit this", []Seen{no}},
		{"another instant", "{at: 2m, record: {event: acknowledge, verdict: rejected}}", "no such record", []Seen{no}},
		{"another field", "{at: 1m, record: {event: acknowledge, by: 'user:x'}}", "there is record acknowledge", []Seen{rec(line{"acknowledge", "applied", "", "user:a"})}},
		{"two lines may state one record", "{at: 1m, record: {event: note}}, {at: 1m, record: {by: 'user:a'}}", "", []Seen{rec(line{"note", "applied", "", "user:a"})}},
		{"ignored is no failure", "{at: 1m, record: {event: note}}", "", []Seen{rec(line{"note", "ignored", "resolved", "user:a"})}},
	} {
		v := judged(t, "  - {name: x, then: ["+tc.then+"]}\n", tc.seen...)
		if tc.want == "" && len(v.failures) > 0 || tc.want != "" && !strings.Contains(strings.Join(v.texts(), "\n"), tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, v.texts(), tc.want)
		}
	}
}

func TestRenderMarks(t *testing.T) {
	f := read(preamble + "  - {name: x, then: [{at: 1m, notify: [user:a]}, {at: 3m, notify: [user:a]}]}\n")
	c := f.Cases[0]
	tl := &Timeline{Start: c.Start, Seen: []Seen{told(time.Minute, "user:a", nil), told(2*time.Minute, "user:b", nil)}}
	got := c.render(tl, c.judge(tl, nil))
	want := "  ✓ 1m0s       notify user:a via sms: page initial main/t1\n" +
		"  ! 2m0s       notify user:b via sms: page initial main/t1\n" +
		"  ✗ 3m0s       expected by line 7: {at: 3m, notify: [user:a]}\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMergedSpans(t *testing.T) {
	got := merged([]Span{{5, 7}, {1, 3}, {3, 4}, {6, 9}})
	if len(got) != 2 || got[0] != (Span{1, 4}) || got[1] != (Span{5, 9}) {
		t.Errorf("merged %v", got)
	}
}

func TestAskText(t *testing.T) {
	for src, want := range map[string]string{
		`"plain"`:                               "plain",
		`{"b": 1, "a": [true, null, "x", 2.5]}`: `{"a":[true,null,"x",2.5],"b":1}`,
	} {
		n, err := policy.ParseNode("ask.json", []byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if got := askText(n); got != want {
			t.Errorf("ask of %s is %s, want %s", src, got, want)
		}
	}
}
