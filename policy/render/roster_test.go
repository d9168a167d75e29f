package render_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
	"github.com/belfry-go/belfry/policy/render"
)

// compiled are the schedules of a directory, in the order named.
func compiled(tb testing.TB, directory string, names ...string) []*oncall.Schedule {
	tb.Helper()
	doc, err := policy.Parse("d.json", []byte(`{"version": 1, "directory": `+directory+`}`))
	if err != nil {
		tb.Fatal(err)
	}
	var list []*oncall.Schedule
	for _, name := range names {
		s, err := oncall.Compile(doc.Directory.Schedules[name])
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

func instant(text string) policy.Instant {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return policy.InstantOf(t)
}

const rota = `{"schedules": {
	"iam": {"timezone": "America/Chicago",
		"rotations": {"primary": {"every": "1w", "start": "2026-01-05T09:00", "members": ["alice", "bob"]}},
		"layers": [{"always": ["rotation:primary"]}, {"windows": [{"days": ["sat"], "from": "08:00", "to": "20:00", "who": ["carol", "alice"]}]}],
		"overrides": [{"from": "2026-03-10T00:00", "to": "2026-03-11T00:00"}]},
	"office <&>\"": {"timezone": "Europe/Berlin",
		"layers": [{"windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00", "who": ["somebody with a very long name indeed"]}]}]}}}`

const oddName = "office <&>\""

func roster(tb testing.TB, from, until string, names ...string) *render.Roster {
	tb.Helper()
	r, err := render.NewRoster(compiled(tb, rota, names...), instant(from), instant(until))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// The pictures are compared as a whole. Both weeks have a change of the clock in
// Chicago.
func TestPictures(t *testing.T) {
	for name, r := range map[string]*render.Roster{
		"fortnight": roster(t, "2026-03-02T00:00:00Z", "2026-03-16T00:00:00Z", "iam", oddName),
		"weekend":   roster(t, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z", "iam"),
		"nothing":   roster(t, "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z"),
	} {
		golden.Check(t, "roster/"+name+".txt", []byte(r.Text()))
		golden.Check(t, "roster/"+name+".svg", []byte(r.SVG()))
	}
}

// Every SVG is XML, whatever the names hold, and stays inside its frame.
func TestSVGIsXML(t *testing.T) {
	bell, err := oncall.Compile(&policy.Schedule{Name: "bell\x07\xff", Layers: []policy.Layer{{Always: []policy.Ref{{Person: "b\x00b"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := render.NewRoster(append(compiled(t, rota, oddName, "iam"), bell), instant("2026-03-02T00:00:00Z"), instant("2026-03-30T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	svg := r.SVG()
	d := xml.NewDecoder(strings.NewReader(svg))
	frame := 0.0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		el, ok := token.(xml.StartElement)
		if !ok || el.Name.Local != "rect" {
			continue
		}
		var x, w float64
		for _, a := range el.Attr {
			switch a.Name.Local {
			case "x":
				x = number(t, a.Value)
			case "width":
				w = number(t, a.Value)
			}
		}
		frame = max(frame, w) // the first is the paper
		if x < 0 || x+w > frame {
			t.Errorf("a bar from %v to %v leaves the frame", x, x+w)
		}
	}
	if strings.Contains(svg, "<script") || strings.Count(svg, "http") > 1 { // the one is the name of the format
		t.Error("the picture loads something or has a script")
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// What the picture draws is what the schedule says: the bars of the rows and the
// gaps, put together, are the shifts.
func TestRosterIsTheSchedule(t *testing.T) {
	schedules := compiled(t, rota, "iam", oddName)
	from, until := instant("2026-03-02T00:00:00Z"), instant("2026-03-16T00:00:00Z")
	r, err := render.NewRoster(schedules, from, until)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range schedules {
		b := &r.Boards[i]
		if b.Schedule != s.Name() || b.Zone != s.Location() {
			t.Errorf("board %d is of %q in %v, want %q in %v", i, b.Schedule, b.Zone, s.Name(), s.Location())
		}
		for at := from; at < until; at = at.Add(17 * time.Minute) {
			on := map[string]bool{}
			for _, p := range s.At(at) {
				on[p] = true
			}
			for _, row := range b.Rows {
				if drawn(row.Bars, at) != on[row.Person] {
					t.Fatalf("%s: at %v %s is drawn on call: %v", s.Name(), at, row.Person, drawn(row.Bars, at))
				}
				delete(on, row.Person)
			}
			if len(on) > 0 {
				t.Fatalf("%s: at %v %v are not drawn", s.Name(), at, on)
			}
			if drawn(b.Gaps, at) != (len(s.At(at)) == 0) {
				t.Fatalf("%s: at %v a gap is drawn: %v", s.Name(), at, drawn(b.Gaps, at))
			}
		}
	}
}

func drawn(bars []render.Bar, at policy.Instant) bool {
	for _, b := range bars {
		if b.From <= at && at < b.To {
			return true
		}
	}
	return false
}

func TestRosterRefuses(t *testing.T) {
	from := instant("2026-03-02T00:00:00Z")
	for _, until := range []policy.Instant{from, from - 1, from.Add(render.MaxRoster + time.Microsecond), policy.Never} {
		if _, err := render.NewRoster(nil, from, until); err == nil {
			t.Errorf("until %v is drawn", until)
		}
	}
	// The longest picture has cells enough for every week.
	r, err := render.NewRoster(compiled(t, rota, "iam"), from, from.Add(render.MaxRoster))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(r.Text(), "\n") {
		if n := len([]rune(line)); n > 100 || strings.HasSuffix(line, " ") {
			t.Errorf("a line of %d characters: %q", n, line)
		}
	}
}

func ExampleRoster_Text() {
	doc, err := policy.Parse("d.json", []byte(`{"version": 1, "directory": {"schedules": {"iam": {
		"rotations": {"r": {"every": "1d", "start": "2026-03-02T00:00", "members": ["alice", "bob"], "days": ["mon", "tue", "wed"]}},
		"layers": [{"always": ["rotation:r"]}]}}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := oncall.Compile(doc.Directory.Schedules["iam"])
	if err != nil {
		fmt.Println(err)
		return
	}
	from := policy.InstantOf(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	r, err := render.NewRoster([]*oncall.Schedule{s}, from, from.Add(4*24*time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(r.Text())
	// Output:
	// iam, UTC, 2026-03-02 00:00 to 2026-03-06 00:00
	//         Mon 02      Tue 03      Wed 04      Thu 05
	// alice   ████████████············████████████············
	// bob     ············████████████························
	// nobody                                      !!!!!!!!!!!!
	//
	// █ on call  ▒ for a part of the cell  ! nobody on call; a cell is 2h
}
