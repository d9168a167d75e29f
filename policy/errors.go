package policy

// Error is one fault of a document.
type Error struct {
	File         string
	Line, Column int
	Path         string
	Msg          string
	Excerpt      string
	Suggestion   string
}

// Error implements error.
func (e *Error) Error() string { return e.Msg }

// Errors is all faults of a document, by position.
type Errors []*Error

// Error implements error.
func (e Errors) Error() string { return "" }

// Unwrap returns the errors.
func (e Errors) Unwrap() []error { return nil }
