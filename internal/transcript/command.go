package transcript

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Command is one directive of a transcript, as its handler sees it. The
// methods that look for an argument mark it as read and stop the test, naming
// the line, if it is malformed.
type Command struct {
	// Name is the first word of the directive.
	Name string
	// Input is the text between the directive and its dashes; if not empty it
	// ends in a line end.
	Input string
	// Pos is the directive's place, as file:line.
	Pos string

	t    testing.TB
	args []argument
	read []bool // by index in args
}

// argument is a word (no values, bare) or key=value.
type argument struct {
	key    string
	bare   bool
	values []string
}

// T returns the test that runs the transcript.
func (d *Command) T() testing.TB { return d.t }

// Fatalf stops the test with a message that begins with the directive's place.
func (d *Command) Fatalf(format string, args ...any) {
	d.t.Helper()
	d.t.Fatalf(d.Pos+": "+format, args...)
}

// Words returns the arguments without "=", in order.
func (d *Command) Words() []string {
	var words []string
	for i, a := range d.args {
		if a.bare {
			d.read[i] = true
			words = append(words, a.key)
		}
	}
	return words
}

// Word returns the only word; none or several stop the test.
func (d *Command) Word() string {
	d.t.Helper()
	words := d.Words()
	if len(words) != 1 {
		d.Fatalf("%s needs one word, not %d", d.Name, len(words))
	}
	return words[0]
}

// Flag reports whether the word stands among the arguments.
func (d *Command) Flag(word string) bool {
	return d.find(word, true) != nil
}

// Has reports whether there is an argument key=….
func (d *Command) Has(key string) bool {
	return d.find(key, false) != nil
}

// Values returns the values of key=(one, two), or the one of key=value; nil if
// there is no such argument.
func (d *Command) Values(key string) []string {
	a := d.find(key, false)
	if a == nil {
		return nil
	}
	return slices.Clone(a.values)
}

// Value returns the value of key=value; its absence stops the test.
func (d *Command) Value(key string) string {
	d.t.Helper()
	if !d.Has(key) {
		d.Fatalf("%s needs %s=…", d.Name, key)
	}
	return d.Or(key, "")
}

// Or returns the value of key=value, or fallback if there is no such argument.
func (d *Command) Or(key, fallback string) string {
	d.t.Helper()
	a := d.find(key, false)
	if a == nil {
		return fallback
	}
	if len(a.values) != 1 {
		d.Fatalf("%s: %s takes one value, not %d", d.Name, key, len(a.values))
	}
	return a.values[0]
}

// Int returns the decimal integer of key=n, or fallback if there is no such
// argument.
func (d *Command) Int(key string, fallback int) int {
	d.t.Helper()
	if !d.Has(key) {
		return fallback
	}
	n, err := strconv.Atoi(d.Value(key))
	if err != nil {
		d.Fatalf("%s: %s must be an integer: %v", d.Name, key, err)
	}
	return n
}

// Duration returns the duration of key=1h30m in Go's notation, or fallback if
// there is no such argument.
func (d *Command) Duration(key string, fallback time.Duration) time.Duration {
	d.t.Helper()
	if !d.Has(key) {
		return fallback
	}
	v, err := time.ParseDuration(d.Value(key))
	if err != nil {
		d.Fatalf("%s: %s must be a duration: %v", d.Name, key, err)
	}
	return v
}

// find returns the argument and marks it as read; nil if there is none.
func (d *Command) find(key string, bare bool) *argument {
	for i := range d.args {
		if a := &d.args[i]; a.key == key && a.bare == bare {
			d.read[i] = true
			return a
		}
	}
	return nil
}

// unread names the arguments that the handler did not look at.
func (d *Command) unread() string {
	var keys []string
	for i, a := range d.args {
		if !d.read[i] {
			keys = append(keys, strconv.Quote(a.key))
		}
	}
	return strings.Join(keys, ", ")
}
