// Package icalimport reads an iCalendar (RFC 5545) of shifts, such as another
// on-call system exports, into fixed shifts of a schedule.
//
//	res, err := icalimport.Read(file, icalimport.Options{From: from, Until: until})
//	schedule := res.Schedule("iam-oncall")
//	for _, l := range res.Lost {
//		log.Print(l) // what the shifts do not say and the calendar did
//	}
//
// Each event becomes a shift with its people; a recurring one a shift for each
// time that it recurs inside the span asked for, with its exceptions and moved
// instances. The result does not recur: what comes after the span is not in it,
// and the report says so of each event. Nothing is left out in silence.
//
// Times are instants in the result. A local time is read as a schedule reads it:
// one that the clocks skip is the first instant after the gap, one that comes
// twice the first as a start and the last as an end.
//
// Who is on call is taken from the attendees, by mail address, else from the
// summary: its part behind the last colon or " - ", of several people separated
// by commas, which is how this project and its peers write it. [Options.People]
// gives the names that the directory has for them.
package icalimport
