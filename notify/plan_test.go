package notify_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// sms is the directory's example: gathered for two minutes, three in a quarter
// of an hour.
var sms = notify.Channel{Bundle: 2 * time.Minute, Limits: []notify.Limit{{Max: 3, Per: 15 * time.Minute}}}

func at(d time.Duration) policy.Instant { return epoch.Add(d) }

func ats(ds ...time.Duration) []policy.Instant {
	var is []policy.Instant
	for _, d := range ds {
		is = append(is, at(d))
	}
	return is
}

func TestFree(t *testing.T) {
	const m = time.Minute
	tests := []struct {
		name string
		ch   notify.Channel
		sent []policy.Instant
		at   time.Duration
		want time.Duration
	}{
		{"nothing sent", sms, nil, 7 * m, 7 * m},
		{"zero channel", notify.Channel{}, ats(0, 0, 0), 0, 0},
		{"inside the bundle window", sms, ats(0), m, 2 * m},
		{"at the same instant", sms, ats(0), 0, 2 * m},
		{"the window is half open", sms, ats(0), 2 * m, 2 * m},
		{"just before its end", sms, ats(0), 2*m - time.Microsecond, 2 * m},
		{"third", sms, ats(0, 2*m), 4 * m, 4 * m},
		{"fourth is over the limit", sms, ats(0, 2*m, 4*m), 6 * m, 15 * m},
		{"the limit slides", sms, ats(0, 2*m, 4*m, 15*m), 15 * m, 17 * m},
		{"and slides again", sms, ats(0, 2*m, 4*m, 15*m, 17*m), 18 * m, 19 * m},
		{"old messages do not count", sms, ats(0, 2*m, 4*m), 60 * m, 60 * m},
		{"order does not matter", sms, ats(4*m, 0, 2*m), 6 * m, 15 * m},
		{"what is to come does not count", sms, ats(10 * m), m, m},
		{"a message inside the window opens none", sms, ats(0, m), m, 2 * m},
		{"nor does it use up the limit", sms, ats(0, 1*m, 1*m, 1*m), 2 * m, 2 * m},
		{"an hourly limit beside it", notify.Channel{Limits: []notify.Limit{{Max: 2, Per: m}, {Max: 3, Per: 60 * m}}}, ats(0, 0, m), m, 60 * m},
		{"a limit of none limits nothing", notify.Channel{Limits: []notify.Limit{{Max: 0, Per: m}, {Max: -1, Per: m}, {Max: 1}}}, ats(0, 0), 0, 0},
		{"a negative window gathers nothing", notify.Channel{Bundle: -m}, ats(0), 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.sent)
			if got := tt.ch.Free(tt.sent, at(tt.at)); got != at(tt.want) {
				t.Errorf("Free at %v = +%v; want +%v", tt.at, got.Sub(epoch), tt.want)
			}
			if !slices.Equal(before, tt.sent) {
				t.Errorf("Free changed sent to %v", tt.sent)
			}
		})
	}
}

// pending is a page about key, due d after epoch.
func pending(d time.Duration, key string, p policy.Priority) notify.Pending {
	return notify.Pending{Kind: notify.KindPage, Due: at(d), Item: item(key, p, policy.SeverityHigh)}
}

func of(k notify.Kind, p notify.Pending) notify.Pending { p.Kind = k; return p }

func leak(p notify.Pending) notify.Pending { p.Item.Alert.Kind = policy.SecretLeaked; return p }

// show writes a plan as the keys of each message, then what is held.
func show(p notify.Plan, ps []notify.Pending) string {
	var b strings.Builder
	for _, m := range p.Now {
		fmt.Fprintf(&b, "%v", m.Kind)
		for _, i := range m.Items {
			b.WriteString(" " + ps[i].Item.Key)
		}
		b.WriteString("; ")
	}
	for _, i := range p.Held {
		b.WriteString("held " + ps[i].Item.Key + "; ")
	}
	if p.Next.Known() {
		fmt.Fprintf(&b, "next +%v", p.Next.Sub(epoch))
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestPlanAt(t *testing.T) {
	const m = time.Minute
	list := func(ps ...notify.Pending) []notify.Pending { return ps }
	tests := []struct {
		name    string
		sent    []policy.Instant
		at      time.Duration
		pending []notify.Pending
		want    string
	}{
		{"nothing", nil, 0, nil, ""},
		{
			"pages of one instant are one message, the gravest first", nil, 0,
			list(pending(0, "b", policy.P3), pending(0, "a", policy.P3), pending(0, "z", policy.P2)), "page z a b",
		},
		{
			"what follows inside the window is held", ats(0), m,
			list(pending(m, "b", policy.P3)), "held b; next +2m0s",
		},
		{
			"and goes out as one at its end", ats(0), 2 * m,
			list(pending(m, "b", policy.P3), pending(2*m, "a", policy.P4)), "page b a",
		},
		{
			"over the limit", ats(0, 2*m, 4*m), 7 * m,
			list(pending(7*m, "b", policy.P2)), "held b; next +15m0s",
		},
		{
			"P1 is not held", ats(0), m,
			list(pending(30*time.Second, "b", policy.P3), pending(m, "c", policy.P1)), "page c; held b; next +2m0s",
		},
		{
			"nor is a leak", ats(0, 2*m, 4*m), 5 * m,
			list(leak(pending(5*m, "c", policy.P5))), "page c",
		},
		{
			"nor what has no priority", ats(0), m,
			list(pending(m, "c", "")), "page c",
		},
		{
			"an urgent message moves nothing back", ats(0, m), m + time.Second,
			list(pending(m, "b", policy.P3)), "held b; next +2m0s",
		},
		{
			"pages of the urgent one's instant go with it", ats(0), m,
			list(pending(m, "b", policy.P3), pending(m, "c", policy.P1)), "page c b",
		},
		{
			"a notice of that instant does not", ats(0), m,
			list(of(notify.KindNotice, pending(m, "b", policy.P3)), pending(m, "c", policy.P1)), "page c; held b; next +2m0s",
		},
		{
			"a message a kind, in order", nil, 0,
			list(of(notify.KindOver, pending(0, "o", policy.P1)), of(notify.KindReminder, pending(0, "r", policy.P3)),
				of(notify.KindReview, pending(0, "v", policy.P3)), pending(0, "p", policy.P3), of(notify.KindUpdate, pending(0, "u", policy.P3)),
				of(notify.KindNotice, pending(0, "n", policy.P3)), of(notify.KindLastResort, pending(0, "l", policy.P3))),
			"last_resort l; page p; review v; notice n; reminder r; update u; over o",
		},
		{
			"the last resort is not held", ats(0), 0,
			list(of(notify.KindLastResort, pending(0, "l", policy.P5))), "last_resort l",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := show(sms.PlanAt(at(tt.at), tt.sent, tt.pending), tt.pending)
			if got != tt.want {
				t.Errorf("plan %q; want %q", got, tt.want)
			}
		})
	}
}

func TestByGravity(t *testing.T) {
	noAlert := item("n", policy.P3, "")
	noAlert.Alert = nil
	its := []notify.Item{
		item("low", policy.P3, policy.SeverityLow), item("b", policy.P2, policy.SeverityHigh), noAlert,
		item("odd", policy.P3, "odd"), item("a", policy.P2, policy.SeverityHigh), item("p1", policy.P1, policy.SeverityInfo),
		item("none", "", policy.SeverityInfo),
	}
	again := item("a", policy.P2, policy.SeverityHigh)
	again.Tier = "second"
	its = append(its, again)
	slices.SortStableFunc(its, notify.ByGravity)
	var got []string
	for _, it := range its {
		got = append(got, it.Key+"/"+it.Tier)
	}
	want := []string{"none/owner", "p1/owner", "a/owner", "a/second", "b/owner", "n/owner", "odd/owner", "low/owner"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestEqualItemsKeepTheirOrder(t *testing.T) {
	same := make([]notify.Pending, 100) // enough for an unstable sort to show
	var want, later []int
	for i := range same {
		if i%3 == 0 {
			same[i], later = pending(0, "b", policy.P3), append(later, i)
		} else {
			same[i], want = pending(0, "a", policy.P3), append(want, i)
		}
	}
	want = append(want, later...)
	if diff := cmp.Diff(want, sms.PlanAt(epoch, nil, same).Now[0].Items); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestRecentKeepsNoMoreThanMatters(t *testing.T) {
	const m = time.Minute
	sent := ats(0, m, 2*m, 4*m) // the one at 1m was urgent
	for _, tt := range []struct {
		at   time.Duration
		want []policy.Instant
	}{{4 * m, ats(0, 2*m, 4*m)}, {15*m - 1000, ats(0, 2*m, 4*m)}, {15 * m, ats(2*m, 4*m)}, {19 * m, ats()}} {
		if got := sms.Recent(sent, at(tt.at)); !slices.Equal(got, tt.want) {
			t.Errorf("Recent at +%v = %v; want %v", tt.at, got, tt.want)
		}
	}
}

func TestChannelOf(t *testing.T) {
	got := notify.ChannelOf(policy.ChannelSettings{
		Depends: []string{"svc"}, GiveUp: time.Minute, Bundle: time.Second, Limits: []policy.Limit{{Max: 1, Per: time.Hour}},
	})
	want := notify.Channel{Bundle: time.Second, Limits: []notify.Limit{{Max: 1, Per: time.Hour}}, GiveUp: time.Minute}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ChannelOf (-want +got):\n%s", diff)
	}
}
