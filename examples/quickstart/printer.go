package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// entry is one thing that happened, as it is printed.
type entry struct {
	At        time.Time `json:"at"`
	Type      string    `json:"type"` // event notify run check
	Key       string    `json:"key,omitempty"`
	Text      string    `json:"text,omitempty"`
	By        string    `json:"by,omitempty"`
	Verdict   string    `json:"verdict,omitempty"`
	Status    string    `json:"status,omitempty"` // of the alert, after the event
	To        string    `json:"to,omitempty"`
	Via       string    `json:"via,omitempty"`
	Kind      string    `json:"kind,omitempty"`
	Track     string    `json:"track,omitempty"`
	Tier      string    `json:"tier,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Run       string    `json:"run,omitempty"`
	Subject   string    `json:"subject,omitempty"`
	Operation string    `json:"operation,omitempty"`
	Decision  string    `json:"decision,omitempty"`
}

// printer writes what happens, for people or for programs. Its first error is
// kept, and ends the output.
type printer struct {
	w    io.Writer
	json bool
	err  error

	held []entry // messages alike but for whom they go to; people read them as one
}

func (p *printer) print(e entry) {
	if p.json {
		p.object(e)
		return
	}
	if len(p.held) > 0 && !alike(&p.held[0], &e) {
		p.flush()
	}
	p.held = append(p.held, e)
	if e.Type != "notify" {
		p.flush()
	}
}

// alike reports whether two messages differ only in whom they go to and how.
func alike(a, b *entry) bool {
	x, y := *a, *b
	x.To, x.Via, y.To, y.Via = "", "", "", ""
	if x.Kind == "over" && y.Kind == "over" {
		x.Track, y.Track = "", ""
	}
	return x == y
}

// flush writes the messages that are held.
func (p *printer) flush() {
	if len(p.held) == 0 {
		return
	}
	e := p.held[0]
	for _, more := range p.held[1:] {
		e.To += " " + more.To
		if more.Track != e.Track {
			e.Track = ""
		}
		if more.Via != e.Via {
			e.Via = viaDefault
		}
	}
	p.held = p.held[:0]
	p.line(e.At.Format(time.TimeOnly) + "  " + e.words())
}

// object writes v as a line of JSON.
func (p *printer) object(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		p.err = err
		return
	}
	p.line(string(b))
}

// line writes one line of text; what is short of its columns is not padded.
func (p *printer) line(s string) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, strings.TrimRight(s, " "))
	}
}

func (e *entry) words() string {
	switch e.Type {
	case "notify":
		return fmt.Sprintf("  → %-11s %s", e.To, strings.Join(nonEmpty(e.Kind, place(e.Track, e.Tier), viaText(e.Via), e.Reason, e.Text), " "))
	case "run":
		return fmt.Sprintf("  » %s on %s", e.Run, e.Subject)
	case "check":
		return fmt.Sprintf("  ? may %s %s: %s", e.Subject, e.Operation, strings.Join(nonEmpty(e.Decision, e.Reason), ", "))
	}
	return fmt.Sprintf("%s: %s [%s %s]", e.Text, e.Verdict, e.Key, e.Status)
}

// viaDefault is the channel of people for whom the directory names none.
const viaDefault = "default"

// viaText names the channel where the directory names one.
func viaText(via string) string {
	if via == viaDefault {
		return ""
	}
	return "via " + via
}

// place is track/tier; "" where no tier told.
func place(track, tier string) string {
	if tier == "" {
		return track
	}
	return track + "/" + tier
}

func nonEmpty(words ...string) []string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return out
}
