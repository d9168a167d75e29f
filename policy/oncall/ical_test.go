package oncall_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func feed(name string, shifts ...oncall.Shift) oncall.Feed {
	return oncall.Feed{Name: name, Shifts: slices.Values(shifts)}
}

func ical(t *testing.T, feeds ...oncall.Feed) string {
	t.Helper()
	var b strings.Builder
	if err := oncall.ICal(&b, at("2026-03-01T12:00:00.5Z"), feeds...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestICal(t *testing.T) {
	got := ical(t, feed("iam",
		oncall.Shift{From: at("2026-03-02T09:00:00Z"), To: at("2026-03-09T09:00:00.7Z"), OnCall: []string{"alice", "bob; the builder"}},
		oncall.Shift{From: at("2026-03-09T09:00:00.7Z"), To: at("2026-03-10T00:00:00Z")},
		oncall.Shift{From: at("2026-03-10T00:00:00Z"), To: at("2026-03-10T00:00:00.5Z"), OnCall: []string{"carol"}},
	))
	want := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//belfry//on-call schedule//EN
CALSCALE:GREGORIAN
METHOD:PUBLISH
BEGIN:VEVENT
UID:UID
DTSTAMP:20260301T120000Z
DTSTART:20260302T090000Z
DTEND:20260309T090000Z
SUMMARY:iam: alice\, bob\; the builder
CATEGORIES:iam
TRANSP:TRANSPARENT
END:VEVENT
END:VCALENDAR
`
	if got := strings.ReplaceAll(maskUID(got), "\r\n", "\n"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func maskUID(text string) string {
	lines := strings.SplitAfter(text, "\r\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "UID:") && strings.HasSuffix(l, "@belfry\r\n") && len(l) == len("UID:@belfry\r\n")+32 {
			lines[i] = "UID:UID\r\n"
		}
	}
	return strings.Join(lines, "")
}

func uids(text string) (list []string) {
	for l := range strings.SplitSeq(text, "\r\n") {
		if strings.HasPrefix(l, "UID:") {
			list = append(list, l)
		}
	}
	return list
}

// TestICalUID: the same for the same beginning, whatever the people and the end;
// another for another beginning or schedule.
func TestICalUID(t *testing.T) {
	sh := oncall.Shift{From: at("2026-03-02T09:00:00Z"), To: at("2026-03-09T09:00:00Z"), OnCall: []string{"alice"}}
	longer, later := sh, sh
	longer.To, longer.OnCall = at("2026-03-10T09:00:00Z"), []string{"bob"}
	later.From = at("2026-03-02T09:00:01Z")
	got := uids(ical(t, feed("a", sh, longer, later), feed("b", sh)))
	if len(got) != 4 || got[0] != got[1] || got[1] == got[2] || got[0] == got[3] {
		t.Errorf("UIDs %q", got)
	}
}

// TestICalLines holds every line to RFC 5545: CRLF, at most 75 octets, no rune
// cut, no control character; and unfolding gives the value back.
func TestICalLines(t *testing.T) {
	long := strings.Repeat("näme-日本語-", 20)
	text := ical(t, feed(long+"\x00\r\n\xff", oncall.Shift{From: 0, To: at("2026-03-09T09:00:00Z"), OnCall: []string{long}}))
	if !strings.HasSuffix(text, "\r\n") || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("lines do not end in CRLF")
	}
	for l := range strings.SplitSeq(text, "\r\n") {
		if len(l) > 75 || !utf8.ValidString(l) || strings.ContainsAny(l, "\x00\n\r") {
			t.Errorf("line %q", l)
		}
	}
	want := "\r\nSUMMARY:" + long + `  \n` + "\uFFFD: " + long + "\r\n"
	if !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), want) {
		t.Errorf("unfolded, %q has not %q", text, want)
	}
}

type brokenPipe struct{}

var errPipe = errors.New("broken pipe")

func (brokenPipe) Write([]byte) (int, error) { return 0, errPipe }

func TestICalErrors(t *testing.T) {
	sh := oncall.Shift{From: 0, To: policy.Never, OnCall: []string{"alice"}}
	var b strings.Builder
	checkError(t, oncall.ICal(&b, 0, feed("iam", sh)), `oncall: calendar: schedule "iam": never is outside the years 1 to 9999; ask for a span with an end`)
	checkError(t, oncall.ICal(&b, policy.Never), "oncall: calendar: stamp: never is outside")
	if err := oncall.ICal(brokenPipe{}, 0); !errors.Is(err, errPipe) {
		t.Errorf("error %v, want that of the writer", err)
	}
}
