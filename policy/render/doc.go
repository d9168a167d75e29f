// Package render draws what a policy document says: who is on call in the
// coming weeks. A picture is one model ([Roster]) that is written as text, for a
// terminal or a pull request, and as SVG, for a page or a mail.
//
// A picture is made of values alone: the same schedules and span give the same
// bytes. SVG has no scripts and loads nothing; texts of the document are escaped.
package render
