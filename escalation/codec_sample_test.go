package escalation

import (
	"bytes"
	"testing"
	"time"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

const sampleOpened policy.Instant = 1_773_151_200_123_456 // 2026-03-10T14:00:00.123456Z

func sampleAt(d time.Duration) policy.Instant { return sampleOpened.Add(d) }

// twoTracks is a plain alert five minutes old: one track has climbed to its
// first tier, as has the other; one person told in each.
func twoTracks() *State {
	s := &State{
		Rev: 1, Status: StatusTriggered, Seq: 3, Key: "db/main", Incarnation: 1,
		Document: sampleDigest(1), Policy: 0,
		Opened: sampleAt(0), At: sampleAt(0), LastSeen: sampleAt(0), Resolved: policy.Never, Due: sampleAt(5 * time.Minute),
		Grace: policy.Never, GraceAt: policy.Never, LastResort: policy.Never, Count: 1,
		Severity: 4, Criticality: 3, BlastRadius: 5, Priority: 4,
		Highest: [4]policy.Level{4, 3, 5, 4},
	}
	for i := range int16(2) {
		wait := time.Duration(5+10*i) * time.Minute
		s.Tracks = append(s.Tracks, Track{
			Index: i, Status: StatusTriggered, Pass: 1, Tier: 0, Reached: true, Told: true, Entered: 1,
			Start: sampleAt(0), End: sampleAt(wait), Next: policy.Never, Began: sampleAt(0), PassAt: sampleAt(0),
			AckEnd: policy.Never, Snooze: policy.Never, Again: policy.Never,
		})
		who := []string{"alice", "bob"}[i]
		s.Entries = append(s.Entries, Entry{
			Track: i, Tier: 0, Pass: 1, Kind: MessagePage, Reason: policy.ReasonInitial, Live: true,
			At: sampleAt(0), Remind: policy.Never,
			Lists: &Lists{Recipients: []policy.Recipient{{To: policy.User(who)}}, Rosters: [][]Responder{{{To: policy.User(who), Rules: []Rule{{Via: "push"}, {Via: "sms", After: time.Minute}}}}}},
		})
		s.Contacts = append(s.Contacts, Contact{Entry: i, Told: true, Reached: true, Next: 1, Due: sampleAt(time.Minute)})
	}
	s.Open = []OpenMessage{{ID: EffectID{Seq: 1, I: 7}, Contact: 1}}
	return s
}

func sampleDigest(first byte) (d policy.Digest) {
	for i := range d {
		d[i] = first + byte(i)
	}
	return d
}

// sampleRecord is the tick that enters the second tier of a track.
func sampleRecord() *Record {
	now := sampleAt(5 * time.Minute)
	bob := []Responder{{To: policy.User("bob"), Rules: []Rule{{Via: "push"}}}}
	return &Record{
		Seq: 4,
		Event: Event{
			Kind: EventTick, At: now, ClaimedAt: policy.Never, ID: "tick@1773151500123456",
			Answers: []Answer{{
				Question:   Question{Kind: QuestionResolve, Target: policy.Target{Kind: policy.TargetSchedule, ID: "iam-oncall"}, Subject: "svc-deployer", At: now},
				Responders: bob, Next: policy.Never,
			}},
		},
		Verdict: Verdict{Kind: Applied},
		Policy:  sampleDigest(100),
		Effects: []Effect{
			{
				ID: EffectID{4, 0}, Kind: LineTierEntered, Reason: policy.ReasonNoAckTimeout, Pass: 1, Tier: 1, At: now,
				Gate: -1, Action: -1, Review: -1, Deadline: -1, Until: policy.Never, From: policy.Never, Waited: 5 * time.Minute,
				PassedOver: []Responder{{To: policy.User("alice"), Rules: []Rule{{Via: "push"}}}},
			},
			{
				ID: EffectID{4, 1}, Kind: EffectNotify, Message: MessagePage, Reason: policy.ReasonNoAckTimeout, Pass: 1, Tier: 1, At: now,
				Gate: -1, Action: -1, Review: -1, Deadline: -1, Until: policy.Never, From: policy.Never,
				To: policy.User("bob"), Target: policy.Target{Kind: policy.TargetSchedule, ID: "iam-oncall"}, Via: "push",
			},
		},
	}
}

// sampleAlert is an alert with something in every field.
func sampleAlert() *policy.Alert {
	opens := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)
	return &policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityHigh, Summary: "rotation failed 3 times",
		Confidence: 90, Source: "rotator", Labels: map[string]string{"team": "payments", "attempt": "3"},
		Links: []string{"https://example.com/run/7"}, Parties: []policy.Target{policy.User("mallory")},
		Identity: policy.Identity{
			ID: "svc-deployer", Kind: "service_account", Owner: policy.Target{Kind: policy.TargetTeam, ID: "platform"},
			Criticality: policy.CriticalityHigh, Privilege: "admin", Environment: "production", ThirdParty: true, CredentialVersion: "7",
		},
		BlastRadius: policy.BlastProduction, ExpiresAt: opens.Add(90 * time.Minute),
		Window: policy.Window{Opens: opens, Closes: opens.Add(2 * time.Hour)},
		Times:  map[string]time.Time{"discovered": opens.Add(-5 * time.Minute)},
	}
}

// Old histories replay for ever: these bytes are read by every later version,
// and written by this one. A difference is a new version of the form, not a
// reason to run -update.
func TestBytesOfOldVersions(t *testing.T) {
	golden.Check(t, "codec/v1/state.bin", AppendState(nil, twoTracks()))
	golden.Check(t, "codec/v1/record.bin", AppendRecord(nil, sampleRecord()))
	golden.Check(t, "codec/v1/alert.bin", AppendAlert(nil, sampleAlert()))
}

// What a plain state takes, for what there are a million of.
func TestSizes(t *testing.T) {
	s := twoTracks()
	whole := len(AppendState(nil, s))
	pinned := whole
	for i := range s.Entries {
		s.Entries[i].Lists = nil
	}
	pinned -= len(AppendState(nil, s))
	rest := whole - pinned - len(s.Key) - len(s.Document)
	t.Logf("state %d bytes: key %d, digest %d, pinned answers %d, the rest %d; record %d, alert %d", whole, len(s.Key),
		len(s.Document), pinned, rest, len(AppendRecord(nil, sampleRecord())), len(AppendAlert(nil, sampleAlert())))
	if rest > 80 {
		t.Errorf("a two-track state takes %d bytes beside key, digest and pinned answers, want at most 80", rest)
	}
}

func TestCodecAllocations(t *testing.T) {
	s, r := twoTracks(), sampleRecord()
	buf := make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { buf = AppendState(buf[:0], s) }); n != 0 {
		t.Errorf("AppendState allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { buf = AppendRecord(buf[:0], r) }); n != 0 {
		t.Errorf("AppendRecord allocates %v times", n)
	}
	b := AppendState(nil, s)
	if n := testing.AllocsPerRun(100, func() { _ = DecodeState(b, s) }); n != 0 {
		t.Errorf("DecodeState into a state that was used for the same people allocates %v times", n)
	}
}

func FuzzDecodeState(f *testing.F) {
	f.Add(AppendState(nil, twoTracks()))
	f.Add(AppendState(nil, &State{}))
	for seed := range uint64(20) {
		f.Add(AppendState(nil, randomState(newFiller(seed))))
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameAgain(t, b, stateAgain) })
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add(AppendRecord(nil, sampleRecord()))
	for seed := range uint64(20) {
		f.Add(AppendRecord(nil, filled[Record](newFiller(seed))))
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameAgain(t, b, recordAgain) })
}

func FuzzDecodeAlert(f *testing.F) {
	f.Add(AppendAlert(nil, sampleAlert()))
	for seed := range uint64(20) {
		f.Add(AppendAlert(nil, filled[policy.Alert](newFiller(seed))))
	}
	f.Fuzz(func(t *testing.T, b []byte) { sameAgain(t, b, alertAgain) })
}

// FuzzRoundTrip goes the other way: any value, made from a seed.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		fill := newFiller(seed)
		roundTrips(t, "state", randomState(fill), AppendState, decodeState)
		roundTrips(t, "record", filled[Record](fill), AppendRecord, decodeRecord)
		roundTrips(t, "alert", filled[policy.Alert](fill), AppendAlert, DecodeAlert)
	})
}

func sameAgain(t *testing.T, b []byte, decode func([]byte) ([]byte, error)) {
	if again, err := decode(b); err == nil && !bytes.Equal(again, b) {
		t.Fatalf("decodes, and encodes to other bytes:\n%x\n%x", b, again)
	}
}

func BenchmarkAppendState(b *testing.B) {
	s, buf := twoTracks(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendState(buf[:0], s)
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkDecodeState(b *testing.B) {
	bytes, s := AppendState(nil, twoTracks()), &State{}
	b.ReportAllocs()
	for b.Loop() {
		if err := DecodeState(bytes, s); err != nil {
			b.Fatal(err)
		}
	}
}

// A state that was used for other people, or not at all.
func BenchmarkDecodeStateAnew(b *testing.B) {
	bytes, s := AppendState(nil, twoTracks()), &State{}
	b.ReportAllocs()
	for b.Loop() {
		for i := range s.Entries {
			s.Entries[i].Lists = nil
		}
		s.Key = ""
		if err := DecodeState(bytes, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRecord(b *testing.B) {
	r, buf := sampleRecord(), make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendRecord(buf[:0], r)
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkDecodeRecord(b *testing.B) {
	bytes := AppendRecord(nil, sampleRecord())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeRecord(bytes); err != nil {
			b.Fatal(err)
		}
	}
}
