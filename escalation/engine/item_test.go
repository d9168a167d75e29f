package engine

import (
	"reflect"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

func TestEffectComesBack(t *testing.T) {
	alert := alertOf("x")
	full := blankEffect(escalation.EffectNotify)
	full.Message, full.Reason, full.Pass, full.Essential = escalation.MessagePage, policy.ReasonInitial, 3, true
	full.Track, full.Tier, full.Gate, full.Action, full.Review = 1, escalation.TierExhausted, 2, 3, 4
	full.At, full.To, full.Target = 1234567, policy.User("alice"), policy.Target{Kind: policy.TargetSchedule, ID: "iam"}
	full.Via, full.Text, full.Subjects = "push", strings.Repeat("é", 100), 7
	open := blankEffect(escalation.EffectOpen)
	open.Alert = &alert
	e := &Engine{}
	for _, want := range []escalation.Effect{full, open, blankEffect(escalation.EffectRun), blankEffect(tellSilence)} {
		want.ID = escalation.EffectID{Seq: 9, I: 2}
		st := escalation.State{Status: escalation.StatusSnoozed, Priority: 3}
		got, err := e.decodeEffect(want.ID, appendEffect(nil, &want, &st))
		if err != nil {
			t.Fatal(err)
		}
		if got.status != st.Status || got.priority != st.Priority || !reflect.DeepEqual(got.Effect, want) {
			t.Errorf("got\n%+v\nwant\n%+v", got.Effect, want)
		}
	}
}

// Whatever stands in an item, reading it does not panic, and what is read and
// written again is the same.
func FuzzDecodeEffect(f *testing.F) {
	ef := blankEffect(escalation.EffectNotify)
	ef.To, ef.Via = policy.User("alice"), "push"
	body := appendEffect(nil, &ef, &escalation.State{})
	f.Add(body)
	f.Add(body[:len(body)-1])
	f.Add([]byte{itemVersion})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		e := &Engine{}
		got, err := e.decodeEffect(escalation.EffectID{}, body)
		if err != nil {
			return
		}
		again := appendEffect(nil, &got.Effect, &escalation.State{Status: got.status, Priority: got.priority})
		twice, err := e.decodeEffect(escalation.EffectID{}, again)
		if err != nil || !reflect.DeepEqual(got, twice) {
			t.Fatalf("%+v comes back as %+v, %v", got, twice, err)
		}
	})
}

func TestNamesAreBounded(t *testing.T) {
	var n names
	for i := range maxNames + 100 {
		n.of([]byte(string(rune('a'+i%26)) + strings.Repeat("x", i%50) + string(rune(i))))
		n.target(&escalation.Effect{Kind: escalation.EffectNotify, To: policy.User(string(rune(i)))})
	}
	if len(n.texts) > maxNames || len(n.targets) > maxNames {
		t.Errorf("%d texts and %d targets are kept; want at most %d", len(n.texts), len(n.targets), maxNames)
	}
	if a, b := n.of([]byte("same")), n.of([]byte("same")); a != b {
		t.Error("a text changes")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache(3)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		h := c.blank(name)
		c.put(h, true)
		if c.take(name) != h {
			t.Fatalf("%s is not held", name)
		}
		if c.take(name) != nil {
			t.Errorf("%s was taken twice", name)
		}
		c.put(h, true)
	}
	if len(c.byName) > 3 {
		t.Errorf("%d are held; want at most 3", len(c.byName))
	}
	h := c.take("f")
	c.put(h, false)
	if c.take("f") != nil {
		t.Error("what is not to be relied on is still held")
	}
	// All slots taken: a further one is not kept, and nothing is lost.
	var out []*held
	for _, name := range []string{"x", "y", "z", "w"} {
		h := c.blank(name)
		c.put(h, true)
		if h := c.take(name); h != nil {
			out = append(out, h)
		}
	}
	if len(out) != 3 {
		t.Errorf("%d of 4 were kept; want 3", len(out))
	}
}
