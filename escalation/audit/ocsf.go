package audit

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// The Open Cybersecurity Schema's class for an alert's life is Incident Finding
// (2005): it reports the creation, update and closure of an incident, with its
// priority, status and assignee. Detection Finding (2004) would be what was found
// before anybody had to act, which a source of alerts reports, not a ladder.
const (
	ocsfVersion  = "1.3.0"
	ocsfCategory = 2
	ocsfClass    = 2005

	ocsfCreate = 1
	ocsfUpdate = 2
	ocsfClose  = 3
)

// ocsfEvent is an event of class Incident Finding, with the attributes that the
// class requires and those that are known.
type ocsfEvent struct {
	ActivityID   int           `json:"activity_id"`
	ActivityName string        `json:"activity_name"`
	CategoryUID  int           `json:"category_uid"`
	CategoryName string        `json:"category_name"`
	ClassUID     int           `json:"class_uid"`
	ClassName    string        `json:"class_name"`
	TypeUID      int           `json:"type_uid"`
	Time         int64         `json:"time"` // milliseconds
	SeverityID   int           `json:"severity_id"`
	StatusID     int           `json:"status_id"`
	Message      string        `json:"message"`
	Assignee     *ocsfUser     `json:"assignee,omitempty"`
	Group        *ocsfGroup    `json:"assignee_group,omitempty"`
	Metadata     ocsfMetadata  `json:"metadata"`
	Findings     []ocsfFinding `json:"finding_info_list"`
	Unmapped     ocsfUnmapped  `json:"unmapped"`
}

type ocsfUser struct {
	Name string `json:"name"`
}

type ocsfGroup struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type ocsfMetadata struct {
	Version  string      `json:"version"`
	UID      string      `json:"uid"`
	Sequence uint64      `json:"sequence"`
	Product  ocsfProduct `json:"product"`
}

type ocsfProduct struct {
	Name       string `json:"name"`
	VendorName string `json:"vendor_name"`
}

type ocsfFinding struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Types       []string `json:"types,omitempty"`
	CreatedTime int64    `json:"created_time,omitempty"`
}

// ocsfUnmapped is what the class has no attribute for.
type ocsfUnmapped struct {
	Event   string `json:"event"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
	By      string `json:"by,omitempty"`
	Hash    string `json:"hash"`
}

// WriteOCSF reads an export and writes each event of each alert (time's ticks and
// reports of deliveries aside) as a line of JSON in the Open Cybersecurity Schema
// Framework, version 1.3.0, class Incident Finding. Entries that were erased have
// no event. What it writes can be verified by nobody: the export can.
func WriteOCSF(r io.Reader, w io.Writer) (*Verification, error) {
	o := &ocsfWriter{enc: json.NewEncoder(w)}
	o.enc.SetEscapeHTML(false)
	v, _, err := verify(r, Trust{}, o.see)
	if err != nil {
		return nil, err
	}
	return v, o.err
}

type ocsfWriter struct {
	enc    *json.Encoder
	err    error
	stream string
	alert  ocsfFinding
	last   ocsfEvent
}

func (o *ocsfWriter) see(l *line) {
	if l.Type != lineEntry || o.err != nil {
		return
	}
	name := l.Entry.Name()
	if len(name) <= len(alertPrefix) || name[:len(alertPrefix)] != alertPrefix || l.Entry.Erased {
		return
	}
	rec, err := escalation.DecodeRecord(l.Entry.Body)
	if err != nil {
		return // another build's; the verifier judges its bytes, nobody its meaning
	}
	if name != o.stream {
		o.stream, o.alert, o.last = name, ocsfFinding{UID: name[len(alertPrefix):]}, ocsfEvent{StatusID: 1}
	}
	o.record(l.Entry, &rec)
}

func (o *ocsfWriter) record(e *Entry, rec *escalation.Record) {
	ev := &rec.Event
	if a := ev.Alert; ev.Kind == escalation.EventTrigger && a != nil {
		o.alert.Title, o.alert.Types = firstText(a.Summary, string(a.Kind), o.alert.UID), []string{string(a.Kind)}
		if o.alert.CreatedTime == 0 {
			o.alert.CreatedTime = millis(ev.At)
		}
		o.last.SeverityID = ocsfSeverity(a.Severity)
	}
	activity, changed := ocsfUpdate, false
	for i := range rec.Effects {
		ef := &rec.Effects[i]
		switch ef.Kind {
		case escalation.LineOpened:
			activity = ocsfCreate
		case escalation.LineStatus:
			o.last.StatusID, changed = ocsfStatus(ef.Status), true
			if ef.Status == escalation.StatusResolved {
				activity = ocsfClose
			}
		}
	}
	if !changed && (ev.Kind == escalation.EventTick || ev.Kind == escalation.EventReport) {
		return
	}
	if ev.Kind == escalation.EventAcknowledge && rec.Verdict.Kind == escalation.Applied {
		o.last.Assignee = &ocsfUser{ev.By.Principal.String()}
	}
	x := o.last
	x.ActivityID, x.ActivityName = activity, [...]string{"", "Create", "Update", "Close"}[activity]
	x.CategoryUID, x.CategoryName, x.ClassUID, x.ClassName = ocsfCategory, "Findings", ocsfClass, "Incident Finding"
	x.TypeUID, x.Time = ocsfClass*100+activity, millis(ev.At)
	x.Message = ev.Kind.String() + " " + rec.Verdict.String()
	if x.Assignee == nil {
		x.Group = &ocsfGroup{Name: Hash(rec.Policy).String(), Type: "escalation policy"}
	}
	x.Metadata = ocsfMetadata{Version: ocsfVersion, UID: fmt.Sprintf("%s/%d", o.alert.UID, e.Seq), Sequence: e.Seq, Product: ocsfProduct{"Belfry", "belfry-go"}}
	x.Findings = []ocsfFinding{o.alert}
	x.Unmapped = ocsfUnmapped{Event: ev.Kind.String(), Verdict: rec.Verdict.Kind.String(), Reason: rec.Verdict.Reason.String(), By: ev.By.Principal.String(), Hash: e.Hash.String()}
	if err := o.enc.Encode(&x); err != nil {
		o.err = fmt.Errorf("audit: ocsf: %w", err)
	}
}

func millis(at policy.Instant) int64 { return int64(at) / int64(time.Millisecond/time.Microsecond) }

// ocsfSeverity is the schema's severity_id: informational, low, medium, high,
// critical; one that is not known counts as the highest, as everywhere.
func ocsfSeverity(s policy.Severity) int {
	for i, known := range [...]policy.Severity{policy.SeverityInfo, policy.SeverityLow, policy.SeverityMedium, policy.SeverityHigh} {
		if s == known {
			return i + 1
		}
	}
	return 5
}

// ocsfStatus is the schema's status_id: new, in progress, on hold, resolved.
func ocsfStatus(s escalation.Status) int {
	switch s {
	case escalation.StatusAcknowledged:
		return 2
	case escalation.StatusSnoozed, escalation.StatusSilenced:
		return 3
	case escalation.StatusResolved:
		return 4
	}
	return 1
}
