package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// build is how this program was built.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (t *tool) version(args []string) int {
	f := t.newFlags("version", "text", "json")
	if _, code, ok := f.begin(args, 0, 0); !ok {
		return code
	}
	info, _ := debug.ReadBuildInfo()
	b := buildOf(info)
	if f.format == "json" {
		out, err := json.Marshal(b)
		if err != nil {
			t.sayf("belfry version: %v", err)
			return exitUnable
		}
		return t.write(string(out) + "\n")
	}
	return t.write(b.String() + "\n")
}

func buildOf(info *debug.BuildInfo) build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info == nil {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// String is the build on one line.
func (b build) String() string {
	parts := []string{"belfry " + b.Version}
	if b.Revision != "" {
		rev := b.Revision[:min(12, len(b.Revision))]
		if b.Modified {
			rev += ", modified"
		}
		parts = append(parts, fmt.Sprintf("(%s)", rev))
	}
	return strings.Join(append(parts, b.Go, b.Platform), " ")
}
