package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// story are the flags of the verbs that follow one alert.
type story struct {
	alert     string
	directory string
	events    list
	start     string
	until     string
}

func (s *story) register(f *flags) {
	f.StringVar(&s.alert, "alert", "", "the alert, a `file` of JSON or YAML; - is standard input")
	f.directory(&s.directory)
	f.Var(&s.events, "event", "what somebody does: `\"17m acknowledge user:bob\"`; may be given several times")
	f.StringVar(&s.start, "start", "", "the `time` of the trigger (default now)")
	f.StringVar(&s.until, "until", "", "how long it is looked at, as a `duration` from the start (default a day after the last instant that the alert names)")
}

// simulation reads what the flags and the document say.
func (s *story) simulation(t *tool, doc string) (escalationtest.Simulation, error) {
	var sim escalationtest.Simulation
	var err error
	if s.alert == "" {
		return sim, fmt.Errorf("--alert is missing: the file that holds the alert")
	}
	if doc == "-" && s.alert == "-" {
		return sim, fmt.Errorf("the document and the alert cannot both be standard input")
	}
	if sim.Document, err = t.document(doc, s.directory); err != nil {
		return sim, err
	}
	if sim.Alert, err = t.alert(s.alert); err != nil {
		return sim, err
	}
	start := time.Now().Truncate(time.Second)
	if s.start != "" {
		if start, err = time.Parse(time.RFC3339, s.start); err != nil {
			return sim, fmt.Errorf("--start is %q; write an instant such as 2026-03-10T15:30:00Z", s.start)
		}
	}
	sim.Start = policy.InstantOf(start)
	if s.until != "" {
		if sim.Until, err = policy.ParseDuration(s.until); err != nil {
			return sim, fmt.Errorf("--until: %w", err)
		}
	}
	for _, text := range s.events {
		step, err := escalationtest.ParseStep(text)
		if err != nil {
			return sim, err
		}
		sim.Steps = append(sim.Steps, step)
	}
	return sim, nil
}

// directory is the flag of the verbs that read a document.
func (f *flags) directory(to *string) {
	f.StringVar(to, "directory", "", "the directory, a `file`, of a document that neither holds nor names one")
}

// document reads a policy document, or a directory in a file of its own; "-" is
// standard input.
func (t *tool) document(name, directory string) (*policy.Document, error) {
	if name != "-" {
		return load(name, nil, directory)
	}
	src, err := t.readFile(name)
	if err != nil {
		return nil, err
	}
	return load(name, src, directory)
}

// load is document; src is what was on standard input.
func load(name string, src []byte, directory string) (*policy.Document, error) {
	switch {
	case name != "-" && directory != "":
		return policyfile.Load(name, directory)
	case name != "-":
		return policyfile.Load(name)
	case directory != "":
		return nil, errors.New("--directory goes with a document in a file, not on standard input")
	}
	return policyfile.Parse(name, src)
}

// alert reads an alert as it stands in a file of its own, in JSON or YAML.
func (t *tool) alert(name string) (policy.Alert, error) {
	src, err := t.readFile(name)
	if err != nil {
		return policy.Alert{}, err
	}
	root, err := policyfile.Tree(name, src)
	if err != nil {
		return policy.Alert{}, err
	}
	if root == nil {
		return policy.Alert{}, fmt.Errorf("%s: the file is empty; it holds one alert", name)
	}
	d := policy.NewDecoder(name, src)
	a := d.Alert(root, "")
	return a, d.Err()
}
