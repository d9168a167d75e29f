package policy

import "time"

// Directory is a document's `directory:`, parsed and validated: who people are,
// how to reach them, and when they are on call. It is data; package oncall
// resolves its schedules and hours. Maps are for look-up; a result that lists
// them is sorted.
type Directory struct {
	// Open: the document has no `people`; every user: is known.
	Open      bool
	People    map[string]*Person
	Teams     map[string][]string // people, in document order
	Roles     map[string][]string
	Services  map[string]ServiceAccount
	Owners    map[string]Target // by identity id
	Channels  map[string]ChannelSettings
	Hours     map[string]*Hours
	Schedules map[string]*Schedule
}

// Person is one entry of `people:`.
type Person struct {
	Name     string
	Timezone string        // IANA; "" UTC
	Contact  []ContactRule // never empty: one rule, at once, via "default"
}

// ContactRule says that a person is told over a channel so long after the
// tier's start.
type ContactRule struct {
	Via   string
	After time.Duration
}

// ServiceAccount is one entry of `services:`.
type ServiceAccount struct {
	Behind Target // the person behind it; zero: none named
}

// ChannelSettings is how messages of one kind travel.
type ChannelSettings struct {
	Depends []string // identities without which it does not work
	GiveUp  time.Duration
	Bundle  time.Duration
	Limits  []Limit
}

// DefaultGiveUp is after how long a channel's attempts end for good.
const DefaultGiveUp = 2 * time.Minute

// Limit is at most Max messages in any span of Per.
type Limit struct {
	Max int
	Per time.Duration
}

// Civil is a wall-clock date and time without a zone.
type Civil struct {
	Year                int
	Month               time.Month
	Day, Hour, Min, Sec int
}

// When is an instant as written: absolute (with an offset or Z), or a wall
// time in the schedule's zone.
type When struct {
	Abs   Instant // Never: use Civil
	Civil Civil
}

// DayWindow is a span of the day on some weekdays, [From, To) in minutes since
// midnight; To <= From means the next day.
type DayWindow struct {
	Days     [7]bool // by time.Weekday
	From, To int     // minutes; To may be 1440
	Who      []Ref   // empty in hours
}

// Hours is a named set of windows.
type Hours struct {
	Name     string
	Timezone string
	Windows  []DayWindow
}

// Ref is a person or a rotation inside a schedule.
type Ref struct {
	Person   string
	Rotation string
}

// Schedule says who is on call.
type Schedule struct {
	Name      string
	Timezone  string
	Rotations []Rotation // sorted by name
	Layers    []Layer    // the last layer with somebody on wins
	Overrides []Override
	Temporary []Temporary
}

// RotationUnit is the unit of a rotation's step.
type RotationUnit uint8

// The units of a rotation's turns, on the wall clock of its schedule.
const (
	Hourly RotationUnit = iota
	Daily
	Weekly
	Monthly
)

// Rotation hands over every Every units of wall-clock calendar.
type Rotation struct {
	Name    string
	Every   int
	Unit    RotationUnit
	Start   Civil
	Members [][]string // each turn: a group of people, one or more
	Days    [7]bool    // only these days count and are covered; all false: all
}

// Layer is one layer of a schedule: a union of its parts.
type Layer struct {
	Always  []Ref
	Windows []DayWindow
	Shifts  []Shift
}

// Shift is a fixed span, [From, To).
type Shift struct {
	From, To When
	Who      []Ref
}

// Override adds, replaces or removes for a span.
type Override struct {
	From, To When
	Who      []Ref    // empty: a hole
	Replaces []string // acts only while one of these is on; empty: Who is added
}

// Temporary replaces everything in its span by its own shifts.
type Temporary struct {
	From, To When
	Shifts   []Shift
}
