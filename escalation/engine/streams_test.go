package engine

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

func TestExpectationValue(t *testing.T) {
	t0 := policy.InstantOf(epoch)
	now := &policy.Expectation{Name: "x", Every: 24 * h, Grace: 30 * m}
	first := &policy.Expectation{Name: "x", Every: 24 * h, Grace: 30 * m, FromFirst: true, ArmBy: 2 * h}
	hourly := &policy.Expectation{Name: "x", Every: h}
	var zero expectation
	begun := zero.load(now, t0)
	tests := []struct {
		name string
		x    expectation
		due  time.Duration // after t0; negative: never
		miss int
	}{
		{"begins at the load", begun, 24*h + 30*m, 0},
		{"a success counts from itself", begun.succeed(now, t0.Add(h)), 25*h + 30*m, 0},
		{"a miss counts on from where it was due", begun.miss(now), 49 * h, 1},
		{"waits for the first success", zero.load(first, t0), 2 * h, 0},
		{"armed by it", zero.load(first, t0).succeed(first, t0.Add(h)), 25*h + 30*m, 0},
		{"not armed in time", zero.load(first, t0).miss(first), 26*h + 30*m, 1},
		{"a reload keeps where it stands", begun.succeed(now, t0.Add(h)).load(now, t0.Add(5*h)), 25*h + 30*m, 0},
		{"a reload with another span counts from the same", begun.succeed(now, t0.Add(h)).load(hourly, t0.Add(90*m)), 2 * h, 0},
		{"no longer waits", zero.load(first, t0).load(now, t0.Add(h)), 24*h + 30*m, 0},
		{"ends", begun.end(), -1, 0},
		{"begins anew after its end", begun.end().load(now, t0.Add(h)), 25*h + 30*m, 0},
		{"many missed in a gap", begun.miss(now).skip(now, t0.Add(100*h)), 24*h + 30*m + 4*(24*h+30*m), 1},
		{"none missed in a gap", begun.miss(now).skip(now, t0.Add(25*h)), 49 * h, 1},
	}
	for _, tt := range tests {
		want := t0.Add(tt.due)
		if tt.due < 0 {
			want = policy.Never
		}
		if tt.x.Due != want || tt.x.Misses != tt.miss {
			t.Errorf("%s: due +%v, %d misses; want +%v, %d", tt.name, tt.x.Due.Sub(t0), tt.x.Misses, tt.due, tt.miss)
		}
		b, err := json.Marshal(tt.x)
		var back expectation
		if err != nil || json.Unmarshal(b, &back) != nil || back != tt.x {
			t.Errorf("%s: %+v comes back as %+v", tt.name, tt.x, back)
		}
	}
}

const expecting = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1w"}]}],
	"expectations": [{"name": "nightly", "key": "db/main", "every": "1d", "grace": "30m", "alert": {"kind": "rotation_failed", "severity": "high", "identity": {"id": "svc"}}}]}`

func TestExpectation(t *testing.T) {
	b := newBench(t, expecting)
	svc := By(policy.Service("rotator"))
	b.to(20 * h)
	b.told()
	r, err := b.e.Succeeded(t.Context(), "db/main", svc, "rotated")
	b.must("applied")(r, err)
	if r.State != nil {
		t.Error("a success that only meets an expectation has an alert's state")
	}
	b.to(44*h + 30*m) // at the due instant it is in time; the tick of it comes after
	b.told("+44h30m0s page user:alice via default db/main#1 initial")
	missed := 0
	for _, r := range b.recs {
		for _, ef := range r.Record.Effects {
			if ef.Kind == escalation.LineExpectationMissed {
				missed++
				if r.Stream != "expect/nightly" || r.Key != "db/main" || ef.Text != "nightly" {
					t.Errorf("missed: %s %s %q", r.Stream, r.Key, ef.Text)
				}
			}
		}
	}
	if missed != 1 {
		t.Errorf("%d misses recorded; want 1", missed)
	}
	r, err = b.e.Succeeded(t.Context(), "", svc, "rotated", Meeting("nightly"))
	b.must("applied")(r, err)
	if r.State == nil || r.State.Status != escalation.StatusResolved {
		t.Errorf("state %v; want resolved", r.State)
	}
	b.to(68 * h)
	b.told("+44h30m0s over user:alice via default db/main#1 ")
	b.to(70 * h)
	b.told("+69h0m0s page user:alice via default db/main#2 initial")

	unknown, err := b.e.Succeeded(t.Context(), "", svc, "", Meeting("no such"))
	b.must("ignored(unknown)")(unknown, err)
}

// A success at the due instant is in time, for events go before what is due.
func TestSuccessAtTheDueInstant(t *testing.T) {
	b := newBench(t, expecting)
	b.to(24*h + 29*m)
	b.clock.set(epoch.Add(24*h + 30*m))
	r, err := b.e.Succeeded(t.Context(), "db/main", By(policy.Service("rotator")), "rotated")
	b.must("applied")(r, err)
	b.to(48 * h)
	b.told()
}

// A success that is late finds the miss before it, and resolves what it opened.
func TestLateSuccess(t *testing.T) {
	b := newBench(t, expecting)
	b.to(24 * h)
	b.clock.set(epoch.Add(24*h + 30*m + 20*s))
	r, err := b.e.Succeeded(t.Context(), "db/main", By(policy.Service("rotator")), "rotated")
	b.must("applied")(r, err)
	if r.State == nil || r.State.Status != escalation.StatusResolved || r.State.Incarnation != 1 {
		t.Fatalf("state %+v; want the first incarnation, resolved", r.State)
	}
	b.to(25 * h)
	b.told("+24h30m20s over user:alice via default db/main#1 ") // the page was withdrawn
	if n := b.e.Stats().Opened; n != 1 {
		t.Errorf("%d alerts opened; want 1", n)
	}
}

func TestReloadOfExpectations(t *testing.T) {
	b := newBench(t, expecting)
	b.to(10 * h)
	if err := b.e.Load(t.Context(), docOf(t, expecting)); err != nil {
		t.Fatal(err)
	}
	b.to(24*h + 30*m)
	b.told("+24h30m0s page user:alice via default db/main#1 initial")
	if err := b.e.Load(t.Context(), docOf(t, ladder)); err != nil {
		t.Fatal(err)
	}
	b.to(100 * h)
	b.told() // the expectation ended, and the alert goes on under the old document
}

const three = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "mallory": {}}}, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:alice"], "wait": "10m"}, {"name": "two", "notify": ["user:bob"], "wait": "10m"}]}]}`

func TestSilence(t *testing.T) {
	b := newBench(t, three)
	ctx := t.Context()
	quiet := func(name string, change ...func(*SilenceRequest)) SilenceRequest {
		r := SilenceRequest{Name: name, For: h, Reason: "drill", Key: "db"}
		for _, f := range change {
			f(&r)
		}
		return r
	}
	b.trigger(alertOf("db"))
	b.trigger(alertOf("other"))
	b.to(m)
	b.told("+0s page user:alice via default db#1,other#1 initial")

	for _, tt := range []struct {
		name string
		req  SilenceRequest
		by   escalation.Author
		want string
	}{
		{"a machine", quiet("q"), By(policy.Service("x")), "rejected(not_a_person)"},
		{"nobody known", quiet("q"), By(policy.User("stranger")), "rejected(not_authorised)"},
		{"no reason", quiet("q", func(r *SilenceRequest) { r.Reason = "" }), bob, "rejected(no_reason)"},
		{"too long", quiet("q", func(r *SilenceRequest) { r.For = 169 * h }), bob, "rejected(too_long)"},
		{"no time", quiet("q", func(r *SilenceRequest) { r.For = 0 }), bob, "rejected(too_long)"},
		{"by key", quiet("q"), bob, "applied"},
	} {
		r, err := b.e.Silence(ctx, tt.req, tt.by)
		if err != nil || r.Verdict.String() != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, r.Verdict, err, tt.want)
		}
	}
	b.to(30 * m)
	b.told("+10m0s page user:bob via default other#1 no_ack_timeout")
	b.to(61 * m)
	b.told("+1h1m0s page user:alice via default db#1 silence_over")

	// A silence may stand before any alert; who is a party silences nothing.
	r, err := b.e.Silence(ctx, quiet("all", func(r *SilenceRequest) { r.Key, r.Match = "", []string{"labels.team = red"} }), By(policy.User("mallory")))
	b.must("applied")(r, err)
	red, guilty := alertOf("red"), alertOf("guilty")
	red.Labels, guilty.Labels = map[string]string{"team": "red"}, map[string]string{"team": "red"}
	guilty.Parties = []policy.Target{policy.User("mallory")}
	if r := b.trigger(red); r.State.Status != escalation.StatusSilenced {
		t.Errorf("status %s; want silenced", r.State.Status)
	}
	b.trigger(guilty)
	b.to(62 * m)
	b.told("+1h1m0s page user:alice via default guilty#1 initial")

	r, err = b.e.Unsilence(ctx, "all", bob)
	b.must("applied")(r, err)
	b.to(63 * m)
	b.told("+1h2m0s page user:alice via default red#1 silence_over")
	r, err = b.e.Unsilence(ctx, "all", bob)
	b.must("ignored(unknown)")(r, err)
	r, err = b.e.Unsilence(ctx, "never was", bob)
	b.must("ignored(unknown)")(r, err)

	r, err = b.e.Silence(ctx, quiet("party", func(r *SilenceRequest) { r.Key = "guilty" }), By(policy.User("mallory")))
	b.must("rejected(party)")(r, err)
}

// What a silence says outlives its alert, and ends by itself.
func TestSilenceOutlivesRefire(t *testing.T) {
	b := newBench(t, three)
	r, err := b.e.Silence(t.Context(), SilenceRequest{Name: "q", Key: "db", For: h, Reason: "drill"}, bob)
	b.must("applied")(r, err)
	b.trigger(alertOf("db"))
	b.to(m)
	r, err = b.e.Resolve(t.Context(), "db", bob, "fixed")
	b.must("applied")(r, err)
	b.trigger(alertOf("db"))
	b.to(59 * m)
	b.told()
	b.to(2 * h)
	if got := b.out.take(); len(got) == 0 || got[0] != "+1h0m0s page user:alice via default db#2 silence_over" {
		t.Errorf("sent %q; want the page at the silence's end", got)
	}
	b.trigger(alertOf("later"))
	b.to(2*h + m)
	if len(b.e.silences.all()) != 0 {
		t.Error("the silence is still known")
	}
}

func TestDocumentsArePinned(t *testing.T) {
	b := newBench(t, ladder)
	b.trigger(alertOf("db"))
	b.to(m)
	if err := b.e.Load(t.Context(), docOf(t, three)); err != nil {
		t.Fatal(err)
	}
	b.trigger(alertOf("new"))
	b.to(12 * m)
	b.told("+0s page user:alice via default db#1 initial", "+1m0s page user:alice via default new#1 initial",
		"+5m0s page user:bob via default db#1 no_ack_timeout", "+11m0s page user:bob via default new#1 no_ack_timeout")
	if err := b.e.Load(t.Context(), nil); err == nil {
		t.Error("no document was loaded without an error")
	}
}

const gated = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}}}, "operations": {"read": "allow"}, "policies": [
	{"name": "strict", "match": ["kind = secret_leaked"], "tiers": [{"name": "one", "notify": ["user:alice"]}],
		"gates": [{"name": "use", "operations": ["deploy", "use"], "close": "open"}]},
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"]}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open + 10m", "decision": "hold", "review": {"by": ["user:bob"]}}]}]}`

func TestCheck(t *testing.T) {
	b := newBench(t, gated)
	check := func(op string, want escalation.Decision, alert string) {
		t.Helper()
		d := b.e.Check("svc-db", op)
		if d.Decision != want || d.Alert() != alert || d.Allowed() != (want == escalation.Allow) || (d.Err() == nil) != d.Allowed() {
			t.Errorf("+%v %s: %+v; want %s by %q", b.clock.Now().Sub(epoch), op, d, want, alert)
		}
	}
	check("read", escalation.Deny, "") // not loaded
	b.to(0)
	check("read", escalation.Allow, "")
	check("deploy", escalation.Allow, "")
	check("destroy", escalation.Deny, "")
	b.trigger(alertOf("db"))
	check("deploy", escalation.Allow, "")
	b.clock.set(epoch.Add(10 * m)) // nobody has ticked yet: the gate is shut all the same
	check("deploy", escalation.Hold, "db#1")
	b.to(10 * m)
	check("deploy", escalation.Hold, "db#1")
	leak := alertOf("leak")
	leak.Kind, leak.Identity.ID = policy.SecretLeaked, "svc-db"
	b.trigger(leak)
	check("deploy", escalation.Deny, "leak#1")
	check("use", escalation.Deny, "leak#1")
	check("read", escalation.Allow, "")
	r, err := b.e.Resolve(t.Context(), "leak", alice, "rotated")
	b.must("applied")(r, err)
	b.to(11 * m)
	check("deploy", escalation.Hold, "db#1")
	check("use", escalation.Allow, "")
	if d := b.e.Check("svc-other", "deploy"); !d.Allowed() {
		t.Errorf("another identity: %+v; want allow", d)
	}
}
