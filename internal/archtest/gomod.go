package archtest

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// CheckGoMod holds the root go.mod against the four modules that the library
// may require. name is used in the breaches.
func CheckGoMod(name string, content []byte) []Breach {
	allowed := []string{clockModule, cmpModule, syncModule, yamlModule}
	var out []Breach
	block := ""
	scanner := bufio.NewScanner(bytes.NewReader(content))
	for n := 1; scanner.Scan(); n++ {
		text, _, _ := strings.Cut(scanner.Text(), "//")
		words := strings.Fields(text)
		switch {
		case len(words) == 0:
			continue
		case words[0] == ")":
			block = ""
			continue
		case len(words) == 2 && words[1] == "(":
			block = words[0]
			continue
		case block != "":
			words = append([]string{block}, words...)
		}
		if what, why := judgeLine(words, allowed); what != "" {
			out = append(out, Breach{fmt.Sprintf("%s:%d", name, n), what, why})
		}
	}
	return out
}

// judgeLine looks at one directive of go.mod, with its verb first.
func judgeLine(words, allowed []string) (what, why string) {
	switch words[0] {
	case "require":
		if len(words) > 1 && !slices.Contains(allowed, words[1]) {
			return "requires " + words[1],
				"whoever embeds the library inherits it; drivers and SDKs belong in nested modules, a fifth needs a written reason"
		}
	case "toolchain":
		return "names a toolchain", "the go line is the only bound on those who require this module"
	case "tool":
		return "names a tool", "tools run at a pinned version from the Makefile and are nobody's requirement"
	case "replace":
		return "replaces a module", "a replace acts here and nowhere else: others would build something different"
	}
	return "", ""
}
