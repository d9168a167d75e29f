package audit

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
)

// WriteJSON writes the report as indented JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("audit: report: %w", err)
	}
	return nil
}

// WriteMarkdown writes the report as Markdown with tables. What comes from alerts
// and people is escaped: it is shown, and forms nothing.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", markdownText(r.title()))
	for _, s := range r.sections() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.Title)
		if s.Note != "" {
			fmt.Fprintf(&b, "%s\n\n", s.Note)
		}
		markdownRow(&b, s.Head)
		b.WriteString("|" + strings.Repeat("---|", len(s.Head)) + "\n")
		for _, row := range s.Rows {
			for i := range row {
				row[i] = markdownText(row[i])
			}
			markdownRow(&b, row)
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("audit: report: %w", err)
	}
	return nil
}

func markdownRow(b *strings.Builder, cells []string) {
	b.WriteString("|")
	for _, c := range cells {
		if c == "" {
			b.WriteString(" |")
			continue
		}
		b.WriteString(" " + c + " |")
	}
	b.WriteString("\n")
}

// markdownText escapes what Markdown, or HTML in it, would make something of. An
// underscore inside a word makes nothing, and names are full of them.
func markdownText(s string) string {
	var b strings.Builder
	rs := []rune(s)
	for i, c := range rs {
		switch {
		case !unicode.IsPrint(c):
			b.WriteByte(' ')
			continue
		case strings.ContainsRune("\\`*[]<>|~&$", c), c == '#' && i == 0, c == '_' && !insideWord(rs, i):
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	// A scheme makes a link of what follows; a zero-width joint takes it apart.
	return strings.ReplaceAll(b.String(), "://", ":\u2060//")
}

// insideWord reports whether a letter or digit stands on both sides.
func insideWord(rs []rune, i int) bool {
	word := func(j int) bool {
		return j >= 0 && j < len(rs) && (unicode.IsLetter(rs[j]) || unicode.IsDigit(rs[j]))
	}
	return word(i-1) && word(i+1)
}

// WriteHTML writes the report as one HTML page without scripts and without
// anything from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	page := struct {
		Title    string
		Broken   bool
		Sections []section
	}{r.title(), !r.Integrity.Whole, r.sections()}
	if err := htmlPage.Execute(w, page); err != nil {
		return fmt.Errorf("audit: report: %w", err)
	}
	return nil
}

var htmlPage = template.Must(template.New("report").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem; }
p { margin: .2rem 0 .6rem; max-width: 60rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .6rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; white-space: nowrap; }
.broken { border: 3px solid #a00; color: #a00; padding: .6rem; font-weight: 700; }
@media print { body { margin: 0; max-width: none; font-size: 10px; } }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{- if .Broken}}
<p class="broken" role="alert">The export that this was made from is broken.</p>
{{- end}}
{{- range .Sections}}
<h2>{{.Title}}</h2>
{{- with .Note}}
<p>{{.}}</p>
{{- end}}
<div><table>
<thead><tr>{{range .Head}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{- range .Rows}}
<tr>{{range .}}<td>{{.}}</td>{{end}}</tr>
{{- end}}
</tbody>
</table></div>
{{- end}}
</body>
</html>
`))
