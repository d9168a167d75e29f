package icalimport

import (
	"strings"

	ics "github.com/arran4/golang-ical"

	"github.com/belfry-go/belfry/policy"
)

// event is one VEVENT, decoded. It is ok when it can be a shift.
type event struct {
	*ics.VEvent
	ok           bool
	uid, summary string
	start, end   clock // the end has the form of the start
	instance     policy.Instant
	who          []policy.Ref
}

// event decodes an event, or reports why it cannot be a shift.
func (in *importer) event(v *ics.VEvent) *event {
	e := &event{VEvent: v, uid: v.Id(), summary: text(v, ics.ComponentPropertySummary), instance: policy.Never}
	var err error
	if e.start, err = in.time(v.GetProperty(ics.ComponentPropertyDtStart)); err != nil {
		in.lose(e, "left out: DTSTART: %v", err)
		return e
	}
	if e.end, err = in.endOf(e); err != nil {
		in.lose(e, "left out: its end: %v", err)
		return e
	}
	if p := v.GetProperty(ics.ComponentPropertyRecurrenceId); p != nil {
		at, err := in.time(p)
		if err == nil {
			e.instance, err = in.begin(at)
		}
		if err != nil {
			in.lose(e, "left out: RECURRENCE-ID: %v", err)
			return e
		}
		if p.ICalParameters["RANGE"] != nil {
			in.lose(e, "RANGE=%s is read as this instance alone", strings.Join(p.ICalParameters["RANGE"], ","))
		}
	}
	switch strings.ToUpper(text(v, ics.ComponentPropertyStatus)) {
	case "CANCELLED":
		in.lose(e, "left out: it is cancelled")
		e.ok = e.instance.Known() // takes the place of its instance, with nobody
		return e
	case "TENTATIVE":
		in.lose(e, "it is tentative, and a shift like any other now")
	}
	if e.who = in.people(e); len(e.who) == 0 {
		in.lose(e, "left out: it names nobody")
		e.ok = e.instance.Known()
		return e
	}
	if len(v.Alarms()) > 0 {
		in.lose(e, "its reminders are not kept")
	}
	e.ok = true
	return e
}

// text is a property's value, "" for an absent one.
func text(v *ics.VEvent, name ics.ComponentProperty) string {
	if p := v.GetProperty(name); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}
