package escalation

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/policy"
)

const directoryDoc = `{
 "version": 1,
 "directory": {
  "people": {
   "alice": {"contact": [{"via": "push"}, {"via": "chat", "after": "1m"}, {"via": "voice", "after": "3m"}]},
   "bob": {}, "carol": {}
  },
  "teams": {"platform": ["carol", "alice"]},
  "roles": {"lead": ["bob"]},
  "services": {"release-bot": {"behind": "alice"}, "rotator": {}},
  "owners": {"svc-deployer": "team:platform", "svc-lonely": "user:bob"},
  "channels": {"chat": {"depends": {"identities": ["svc-chatbot"]}}},
  "hours": {"office": {"timezone": "UTC", "windows": [{"days": ["tue"], "from": "09:00", "to": "17:00"}]}},
  "schedules": {
   "iam": {"timezone": "UTC", "rotations": {"r": {"every": "1d", "start": "2026-03-10T00:00", "members": ["alice", "bob"]}}, "layers": [{"always": ["rotation:r"]}]},
   "both": {"timezone": "UTC", "layers": [{"always": ["bob", "carol"]}]},
   "empty": {"timezone": "UTC", "layers": []}
  }
 },
 "policies": [{"name": "p", "tiers": [{"name": "t", "pick": "next", "notify": ["user:alice", "team:platform", "channel:room"]}]}],
 "default": "p"
}`

func directoryOf(t testing.TB, src string) *policy.Document {
	t.Helper()
	doc, err := policy.Parse("test.json", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// tuesday is 2026-03-10T14:00:00Z, in the hours "office".
const tuesday policy.Instant = 1_773_151_200_000_000

func askDirectory(t testing.TB, d Directory, qs ...Question) []Answer {
	t.Helper()
	as, err := d.Resolve(t.Context(), qs)
	if err != nil {
		t.Fatal(err)
	}
	if len(as) != len(qs) {
		t.Fatalf("%d answers to %d questions", len(as), len(qs))
	}
	for i := range as {
		if as[i].Question != qs[i] {
			t.Fatalf("answer %d is to %+v, not to %+v", i, as[i].Question, qs[i])
		}
	}
	return as
}

// saysWho is who an answer names, with the channels that depend marked.
func saysWho(a Answer) string {
	s := ""
	for i, r := range a.Responders {
		if i > 0 {
			s += " "
		}
		s += r.To.String() + "("
		for j, rule := range r.Rules {
			if j > 0 {
				s += ","
			}
			s += rule.Via
			if rule.After > 0 {
				s += "+" + rule.After.String()
			}
			if rule.Depends {
				s += "!"
			}
		}
		s += ")"
	}
	if a.Failed {
		s += " failed"
	}
	return s
}

func targetOf(t testing.TB, s string) policy.Target {
	t.Helper()
	v, err := policy.ParseTarget(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDirectoryResolves(t *testing.T) {
	const alice = "user:alice(push,chat+1m0s,voice+3m0s)"
	d := NewDirectory(directoryOf(t, directoryDoc))
	for _, c := range []struct{ target, subject, want string }{
		{"user:alice", "", alice},
		{"user:bob", "", "user:bob(default)"},
		{"user:mallory", "", ""},
		{"team:platform", "", "user:carol(default) " + alice},
		{"team:nobody", "", ""},
		{"role:lead", "", "user:bob(default)"},
		{"role:platform", "", ""}, // a team of that name is no role
		{"schedule:iam", "", alice},
		{"schedule:both", "", "user:bob(default) user:carol(default)"},
		{"schedule:empty", "", ""},
		{"schedule:none", "", ""},
		{"owner", "svc-deployer", "user:carol(default) " + alice},
		{"owner", "svc-lonely", "user:bob(default)"},
		{"owner", "svc-unknown", ""},
		{"owner", "", ""},
		{"channel:room", "", "channel:room(room)"},
		{"channel:other", "", "channel:other(other)"},
		{"service:rotator", "", ""},
		{"channel:chat", "svc-chatbot", "channel:chat(chat!)"},
		{"user:alice", "svc-chatbot", "user:alice(push,chat+1m0s!,voice+3m0s)"},
		{"team:platform", "svc-chatbot", "user:carol(default) user:alice(push,chat+1m0s!,voice+3m0s)"},
		{"user:bob", "svc-chatbot", "user:bob(default)"},
		{"user:alice", "svc-deployer", alice}, // marking another's answer leaves this one
	} {
		a := askDirectory(t, d, Question{Kind: QuestionResolve, Target: targetOf(t, c.target), Subject: c.subject, At: tuesday})
		if got := saysWho(a[0]); got != c.want {
			t.Errorf("%s of %q is %q, want %q", c.target, c.subject, got, c.want)
		}
	}
	next := askDirectory(t, d, Question{Kind: QuestionResolve, Target: targetOf(t, "schedule:iam"), At: tuesday.Add(24 * time.Hour)})
	if got := saysWho(next[0]); got != "user:bob(default)" {
		t.Errorf("a day later schedule:iam is %q, want bob", got)
	}
}

func TestDirectoryAnswersInOneCall(t *testing.T) {
	d := NewDirectory(directoryOf(t, directoryDoc))
	as := askDirectory(t, d,
		Question{Kind: QuestionHours, Name: "office", At: tuesday},
		Question{Kind: QuestionResolve, Target: policy.User("bob"), At: tuesday},
		Question{Kind: QuestionKind(200), At: tuesday},
		Question{Kind: QuestionHours, Name: "office", At: tuesday.Add(5 * time.Hour)},
		Question{Kind: QuestionHours, Name: "siesta", At: tuesday},
	)
	if !as[0].Yes || as[0].Failed {
		t.Error("the office is closed on Tuesday at 14:00")
	}
	if !as[2].Failed {
		t.Error("a question of an unknown kind has an answer")
	}
	if want := tuesday.Add((6*24 + 19) * time.Hour); as[3].Yes || as[3].Next != want {
		t.Errorf("on Tuesday at 19:00 the office is open=%v, opens at %v, want %v", as[3].Yes, as[3].Next, want)
	}
	if !as[4].Yes || !as[4].Failed {
		t.Error("hours that there are not must hold, and say that they failed: a page fails open")
	}
}

func TestDirectoryAuthors(t *testing.T) {
	closed := NewDirectory(directoryOf(t, directoryDoc))
	open := NewDirectory(directoryOf(t, `{"version": 1, "policies": [{"name": "p", "tiers": [{"name": "t", "notify": ["user:zoe"]}]}], "default": "p"}`))
	for _, c := range []struct {
		who              string
		inClosed, inOpen bool
		behind           string
	}{
		{who: "user:alice", inClosed: true, inOpen: true},
		{who: "user:mallory", inClosed: false, inOpen: true},
		{who: "service:release-bot", inClosed: true, inOpen: true, behind: "user:alice"},
		{who: "service:rotator", inClosed: true, inOpen: true},
		{who: "service:unlisted", inClosed: false, inOpen: true},
		{who: "team:platform", inClosed: false, inOpen: false},
		{who: "channel:room", inClosed: false, inOpen: false},
	} {
		q := Question{Kind: QuestionAuthor, Target: targetOf(t, c.who), At: tuesday}
		a, b := askDirectory(t, closed, q)[0], askDirectory(t, open, q)[0]
		if a.Yes != c.inClosed || b.Yes != c.inOpen || a.Behind.String() != c.behind {
			t.Errorf("%s is known=%v behind=%v with people listed, known=%v without; want %v %q %v",
				c.who, a.Yes, a.Behind, b.Yes, c.inClosed, c.behind, c.inOpen)
		}
	}
	if got := saysWho(askDirectory(t, open, Question{Kind: QuestionResolve, Target: policy.User("anybody"), At: tuesday})[0]); got != "user:anybody(default)" {
		t.Errorf("without people user:anybody is %q, want one rule at once over default", got)
	}
}

func TestDirectoryMembers(t *testing.T) {
	d := NewDirectory(directoryOf(t, directoryDoc))
	for _, c := range []struct {
		who, of, subject string
		want             bool
	}{
		{"user:alice", "team:platform", "", true},
		{"user:bob", "team:platform", "", false},
		{"user:alice", "schedule:iam", "", true},
		{"user:bob", "schedule:iam", "", false},
		{"user:alice", "owner", "svc-deployer", true},
		{"user:bob", "owner", "svc-deployer", false},
		{"user:bob", "user:bob", "", true},
		{"user:mallory", "user:mallory", "", true}, // named itself
		{"user:bob", "nonsense", "", false},
	} {
		q := Question{Kind: QuestionMember, Target: targetOf(t, c.who), Name: c.of, Subject: c.subject, At: tuesday}
		if got := askDirectory(t, d, q)[0].Yes; got != c.want {
			t.Errorf("%s is one of %s (subject %q): %v, want %v", c.who, c.of, c.subject, got, c.want)
		}
	}
}

func TestDirectoryOrder(t *testing.T) {
	doc := directoryOf(t, directoryDoc)
	last := map[string]policy.Instant{"user:alice": tuesday, "team:platform": tuesday.Add(-time.Hour)}
	said := func(t policy.Target) policy.Instant {
		if i, ok := last[t.String()]; ok {
			return i
		}
		return policy.Never
	}
	for name, c := range map[string]struct {
		d    Directory
		q    Question
		want []int
	}{
		"never told: as listed":          {NewDirectory(doc), Question{Name: "p"}, []int{0, 1, 2}},
		"told longest ago first":         {NewDirectory(doc, WithToldLast(said)), Question{Name: "p"}, []int{2, 1, 0}},
		"a policy that there is not":     {NewDirectory(doc), Question{Name: "q"}, nil},
		"a tier that there is not":       {NewDirectory(doc), Question{Name: "p", Tier: 9}, nil},
		"a track that there cannot be":   {NewDirectory(doc), Question{Name: "p", Track: -1}, nil},
		"equals stay in their old order": {NewDirectory(doc, WithToldLast(func(policy.Target) policy.Instant { return tuesday })), Question{Name: "p"}, []int{0, 1, 2}},
	} {
		c.q.Kind = QuestionNext
		if diff := cmp.Diff(c.want, askDirectory(t, c.d, c.q)[0].Order); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDirectoryScript(t *testing.T) {
	d := NewDirectory(directoryOf(t, directoryDoc), WithOnCall(map[string][]OnCall{
		"iam": {
			{From: tuesday, Until: tuesday.Add(time.Hour), Who: []string{"carol"}},
			{From: tuesday.Add(30 * time.Minute), Until: policy.Never, Who: []string{"user:guest", "carol"}},
		},
		"both":     {},
		"lead":     {{Who: []string{"alice"}}},
		"platform": {{Who: []string{"bob", "bob"}}},
	}))
	for _, c := range []struct {
		target string
		after  time.Duration
		want   string
	}{
		{"schedule:iam", -time.Second, ""}, // the script replaces the schedule wholly
		{"schedule:iam", 0, "user:carol(default)"},
		{"schedule:iam", 30 * time.Minute, "user:carol(default) user:guest(default)"},
		{"schedule:iam", time.Hour, "user:guest(default) user:carol(default)"}, // ends are excluded
		{"schedule:both", 0, ""},
		{"role:lead", 0, "user:alice(push,chat+1m0s,voice+3m0s)"},
		{"team:platform", 0, "user:bob(default)"},
		{"user:guest", 0, "user:guest(default)"},
	} {
		a := askDirectory(t, d, Question{Kind: QuestionResolve, Target: targetOf(t, c.target), At: tuesday.Add(c.after)})
		if got := saysWho(a[0]); got != c.want {
			t.Errorf("%s after %v is %q, want %q", c.target, c.after, got, c.want)
		}
	}
	if a := askDirectory(t, d, Question{Kind: QuestionAuthor, Target: policy.User("guest"), At: tuesday}); !a[0].Yes {
		t.Error("whom the script puts on call is not known as an author")
	}
}

// A step that resolves one person allocates only the list of answers.
func TestDirectoryAllocations(t *testing.T) {
	d := NewDirectory(directoryOf(t, directoryDoc))
	for _, to := range []string{"user:alice", "team:platform", "schedule:iam", "owner", "channel:room"} {
		qs := []Question{{Kind: QuestionResolve, Target: targetOf(t, to), Subject: "svc-lonely", At: tuesday}}
		if n := testing.AllocsPerRun(100, func() { _, _ = d.Resolve(context.Background(), qs) }); n > 1 {
			t.Errorf("%s takes %v allocations, want 1", to, n)
		}
	}
	a := askDirectory(t, d, Question{Kind: QuestionResolve, Target: policy.User("alice"), At: tuesday})
	b := askDirectory(t, d, Question{Kind: QuestionResolve, Target: targetOf(t, "schedule:iam"), At: tuesday})
	if &a[0].Responders[0] != &b[0].Responders[0] {
		t.Error("the same person is another slice each time")
	}
}

func BenchmarkDirectory(b *testing.B) {
	d := NewDirectory(directoryOf(b, directoryDoc))
	for _, to := range []string{"user:alice", "schedule:iam", "team:platform"} {
		b.Run(to, func(b *testing.B) {
			qs := []Question{{Kind: QuestionResolve, Target: targetOf(b, to), Subject: "svc-deployer", At: tuesday}}
			b.ReportAllocs()
			for b.Loop() {
				_, _ = d.Resolve(b.Context(), qs)
			}
		})
	}
}

func ExampleNewDirectory() {
	doc, err := policy.Parse("policies.json", []byte(directoryDoc))
	if err != nil {
		fmt.Println(err)
		return
	}
	d := NewDirectory(doc)
	answers, _ := d.Resolve(context.Background(), []Question{
		{Kind: QuestionResolve, Target: policy.Target{Kind: policy.TargetSchedule, ID: "iam"}, At: tuesday},
	})
	for _, r := range answers[0].Responders {
		for _, rule := range r.Rules {
			fmt.Println(r.To, rule.Via, rule.After)
		}
	}
	// Output:
	// user:alice push 0s
	// user:alice chat 1m0s
	// user:alice voice 3m0s
}
