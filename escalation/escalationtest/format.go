package escalationtest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// resultJSON is a [Result] as JSON.
type resultJSON struct {
	File     string   `json:"file"`
	Name     string   `json:"name"`
	Result   Outcome  `json:"result"`
	Failures []string `json:"failures"`
}

func (r Result) json() resultJSON {
	failures := r.Failures
	if failures == nil {
		failures = []string{}
	}
	return resultJSON{r.File, r.Name, r.Outcome, failures}
}

// MarshalJSON writes {"file", "name", "result", "failures"}.
func (r Result) MarshalJSON() ([]byte, error) { return json.Marshal(r.json()) }

// WriteJSON writes one object a line.
func WriteJSON(w io.Writer, results []Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, r := range results {
		if err := enc.Encode(r.json()); err != nil {
			return err
		}
	}
	return nil
}

// WriteText writes what did not pass, with its timeline, and a summary; with
// all, what passed as well.
func WriteText(w io.Writer, results []Result, all bool) error {
	var b strings.Builder
	count := map[Outcome]int{}
	for _, r := range results {
		count[r.Outcome]++
		if r.Outcome == Pass && !all {
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", strings.ToUpper(string(r.Outcome)), r.Title())
		for _, f := range r.Failures {
			b.WriteString("  " + strings.ReplaceAll(f, "\n", "\n  ") + "\n")
		}
		if shown := r.Timeline(); shown != "" {
			fmt.Fprintf(&b, "  what happened (%s as expected, %s expected and not there, %s not expected):\n", markListed, markMissed, markUnexpected)
			for line := range strings.Lines(shown) {
				b.WriteString("  " + line)
			}
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "%d tests: %d passed, %d failed, %d could not run\n", len(results), count[Pass], count[Fail], count[Bad])
	_, err := io.WriteString(w, b.String())
	return err
}

// Title names the test with its place.
func (r Result) Title() string {
	place := r.File
	if r.Line > 0 {
		place = fmt.Sprintf("%s:%d", r.File, r.Line)
	}
	if r.Name == "" {
		return place
	}
	return fmt.Sprintf("%s (%s)", r.Name, place)
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure,omitempty"`
	Error     *junitMessage `xml:"error,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the results as JUnit XML, one suite a file.
func WriteJUnit(w io.Writer, results []Result) error {
	var all junitSuites
	for _, r := range results {
		if n := len(all.Suites); n == 0 || all.Suites[n-1].Name != r.File {
			all.Suites = append(all.Suites, junitSuite{Name: xmlText(r.File)})
		}
		s := &all.Suites[len(all.Suites)-1]
		s.add(r)
	}
	for i := range all.Suites {
		s := &all.Suites[i]
		all.Tests, all.Failures, all.Errors = all.Tests+s.Tests, all.Failures+s.Failures, all.Errors+s.Errors
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r Result) {
	name := r.Name
	if name == "" {
		name = "(the file)"
	}
	c := junitCase{Name: xmlText(name), ClassName: xmlText(r.File), Time: seconds(r)}
	s.Tests++
	s.Time = "0"
	if r.Outcome != Pass {
		m := &junitMessage{Text: xmlText(strings.Join(r.Failures, "\n") + "\n" + r.Timeline())}
		if len(r.Failures) > 0 {
			m.Message, _, _ = strings.Cut(xmlText(r.Failures[0]), "\n")
		}
		if r.Outcome == Fail {
			s.Failures++
			c.Failure = m
		} else {
			s.Errors++
			c.Error = m
		}
	}
	s.Cases = append(s.Cases, c)
}

func seconds(r Result) string { return fmt.Sprintf("%.6f", r.Elapsed.Seconds()) }

// xmlText drops what XML 1.0 cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, s)
}
