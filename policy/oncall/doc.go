// Package oncall says who is on call at an instant, and when hours are open.
//
// [Compile] turns a [policy.Schedule] into a [Schedule], [CompileHours] a
// [policy.Hours] into [Hours]; a [Compiler] does so for a whole directory and
// shares the tables of time zones. Both results never change and may be asked by
// any number of goroutines. [Schedule.At] is who is on call, [Schedule.Between]
// the shifts and gaps of a span, [Schedule.Next] a person's next turn,
// [Schedule.Stats] how the load is shared, [ICal] a calendar of it.
//
// Nothing here reads a clock, and no query walks from the start of a rotation:
// each part of a schedule is arithmetic on the wall clock, or a search in a
// sorted list. A query ends in bounded time for every instant there is.
//
// # How a schedule is read
//
// Of the temporary schedules in force the one listed last holds alone, with the
// people of its own shifts and nobody between them. Without one, the last layer
// with somebody on holds, as the union of its parts; then the overrides in force
// act on that, in the order of the document, each on the result of those before:
//
//   - with who and replaces: if somebody of replaces is on, who comes in the
//     place of the first of them and the others go;
//   - with replaces alone: whoever of them is on goes;
//   - with who alone: who is added;
//   - with neither: nobody is on.
//
// An override whose who is nobody at the moment, because a rotation in it is
// outside its days, does not act: it would leave a hole that nobody wrote. For
// the same reason a layer's part that names nobody leaves the layer below.
//
// # Wall time
//
// A time without an offset is a reading of the clock on the wall in the
// schedule's zone, and so is every step of a rotation. Every span runs from its
// start up to but not at its end, [start, end), and
//
//   - a wall time that does not exist, because the clock is put forward over it,
//     is the first instant after the gap;
//   - one that comes twice, because the clock is put back, is the first of the
//     two as a start or a hand-off, and the last as an end.
//
// So cover overlaps rather than tears. A span that lies in a gap wholly is
// empty. A window belongs to the day on which it starts, and a window of 02:30
// on the night of the change is there, if shorter; so is one that starts at a
// midnight that does not exist.
//
// # Rotations
//
// Hand-off k is the wall time of the start plus k steps of the calendar: so many
// hours, days or weeks on the wall clock, or months, where a day that the month
// lacks becomes its last, each time from the day of the start. A step of 12 h is
// therefore 11 or 13 hours long when the clock is changed. Hand-offs that fall on
// one instant, such as 02:00 and 03:00 in the night in which 02:00 is skipped,
// are one, and use up one turn. Before the start the turns run backwards.
//
// With days, a rotation covers these days of the wall calendar, midnight to
// midnight, and nothing else. Steps in days count these days alone, and steps in
// hours run on a clock that stands still on the others, so that a weekend uses
// nobody up. If the start is on another day, the first turn begins with the first
// of its steps that is on such a day. Weeks and months are those of the calendar.
//
// # Time zones
//
// Zones are those of the IANA database by name, as package time finds them: on
// the machine, or in the program when it imports time/tzdata. They are read when
// a schedule is compiled; to take up a new edition of the database, compile
// again. A zone's last rule is taken to hold for ever, and the offset of the
// year 1700 before it. "Local" is refused, for a document must mean the same on
// every machine.
package oncall
