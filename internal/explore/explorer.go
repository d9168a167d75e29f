package explore

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Explorer walks breadth-first through the states of one alert.
type Explorer struct {
	Doc      *policy.Document
	Alphabet Alphabet
	// Dir answers. It must be good for use by several goroutines, and its answers
	// must not hang on the instant.
	Dir escalation.Directory
	// Step is the machine. Defaults to [Shipped].
	Step StepFunc
	// States is how many distinct states are looked for.
	States int
	// Workers is how many goroutines step. The result does not depend on it.
	// Defaults to 1.
	Workers int
	// Faults is how many kinds of fault are looked for before the walk ends.
	// Defaults to 1.
	Faults int
}

// Cell is an event that happened in a status.
type Cell struct {
	Status escalation.Status
	Event  escalation.EventKind
}

// Result is what a walk found.
type Result struct {
	States      int // distinct
	Transitions int
	Depth       int  // of the deepest state
	All         bool // there are no others
	Cells       map[Cell]int
	Faults      []Fault
}

// Fault is something that does not hold, and a shortest way to it.
type Fault struct {
	Err  error
	Path []string
}

// Error implements error.
func (f *Fault) Error() string {
	return fmt.Sprintf("%v\nby %s", f.Err, strings.Join(f.Path, "\n   "))
}

// node is a state that was found and not yet looked at.
type node struct {
	id    int32
	depth int32
	alert *policy.Alert
	bytes []byte
}

// found is what one step led to.
type found struct {
	move  uint8
	cell  Cell
	print uint64
	alert uint64 // fingerprint
	node  node   // bytes nil: seen before, or the same
	err   error
}

// walkState is one exploration at work.
type walkState struct {
	*Explorer
	seen    map[uint64]struct{}
	alerts  map[uint64]*policy.Alert // one of each is enough
	parents []int32
	moves   []uint8
	queue   []node
	kinds   map[string]bool
	result  Result
}

// batch is how many states are looked at between two looks at what was found.
const batch = 64

// Run explores from an alert that has not opened. It is deterministic.
func (x *Explorer) Run() Result {
	w := &walkState{Explorer: x, seen: map[uint64]struct{}{}, alerts: map[uint64]*policy.Alert{}, kinds: map[string]bool{}}
	w.result.Cells = map[Cell]int{}
	s := escalation.State{Key: "k", Incarnation: 1}
	w.queue = []node{{bytes: escalation.AppendState(nil, &s)}}
	w.parents, w.moves = []int32{-1}, []uint8{0}
	stepping := make([]*stepper, max(x.Workers, 1))
	for i := range stepping {
		stepping[i] = &stepper{walkState: w}
	}
	for len(w.queue) > 0 && len(w.parents) <= x.States && len(w.result.Faults) < max(x.Faults, 1) {
		n := min(len(w.queue), batch)
		w.look(stepping, w.queue[:n])
		clear(w.queue[:n])
		w.queue = w.queue[n:]
	}
	w.result.States = len(w.parents) - 1 // without the one that has not opened
	w.result.All = len(w.queue) == 0
	return w.result
}

// look steps from each of some states by everything that can happen, and then
// takes what was found in order.
func (w *walkState) look(stepping []*stepper, nodes []node) {
	out := make([][]found, len(nodes))
	if len(stepping) == 1 {
		for i := range nodes {
			out[i] = stepping[0].expand(&nodes[i])
		}
	} else {
		var wg sync.WaitGroup
		for k, s := range stepping {
			wg.Go(func() {
				for i := k; i < len(nodes); i += len(stepping) {
					out[i] = s.expand(&nodes[i])
				}
			})
		}
		wg.Wait()
	}
	for i := range nodes {
		for k := range out[i] {
			w.take(&nodes[i], &out[i][k])
		}
	}
}

// take counts what a step found, and remembers a state that is new.
func (w *walkState) take(from *node, f *found) {
	w.result.Transitions++
	w.result.Cells[f.cell]++
	if f.err != nil {
		w.fault(from, f)
		return
	}
	if f.node.bytes == nil {
		return
	}
	if _, ok := w.seen[f.print]; ok {
		return
	}
	w.seen[f.print] = struct{}{}
	if a, ok := w.alerts[f.alert]; ok {
		f.node.alert = a
	} else {
		w.alerts[f.alert] = f.node.alert
	}
	f.node.id, f.node.depth = int32(len(w.parents)), from.depth+1
	w.parents, w.moves = append(w.parents, from.id), append(w.moves, f.move)
	w.result.Depth = int(f.node.depth)
	if len(w.parents) <= w.States { // else nothing is looked at any more
		w.queue = append(w.queue, f.node)
	}
}

// fault keeps a fault whose kind is new: one whose text differs in more than
// numbers.
func (w *walkState) fault(from *node, f *found) {
	kind := kindOf(f.err)
	if w.kinds[kind] {
		return
	}
	w.kinds[kind] = true
	path := []string{w.Alphabet[f.move].Name}
	for id := from.id; w.parents[id] >= 0; id = w.parents[id] {
		path = append(path, w.Alphabet[w.moves[id]].Name)
	}
	slices.Reverse(path)
	w.result.Faults = append(w.result.Faults, Fault{Err: f.err, Path: path})
}

func kindOf(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, line)
}

// stepper is one goroutine's part.
type stepper struct {
	*walkState
	prev, next escalation.State
	effects    []escalation.Effect
	bytes      []byte
}

// expand steps from a state by every letter of the alphabet that means
// something there. It reads what was seen so far, and writes nothing shared.
func (s *stepper) expand(n *node) (out []found) {
	if err := escalation.DecodeState(n.bytes, &s.prev); err != nil {
		return []found{{err: fmt.Errorf("decode: %w", err)}}
	}
	s.prev.Alert = n.alert
	for k := range s.Alphabet {
		ev, ok := s.Alphabet[k].Event(&s.prev)
		if !ok {
			continue
		}
		f := found{move: uint8(k), cell: Cell{s.prev.Status, ev.Kind}}
		s.step(&ev, &f)
		out = append(out, f)
	}
	if s.bytes = escalation.AppendState(s.bytes[:0], &s.prev); !bytes.Equal(s.bytes, n.bytes) {
		out = append(out, found{err: errors.New("some step wrote to the state before it")})
	}
	return out
}

// step makes one step and holds it to what must hold.
func (s *stepper) step(ev *escalation.Event, f *found) {
	defer func() {
		if r := recover(); r != nil {
			f.err = fmt.Errorf("panic: %v", r)
		}
	}()
	machine := s.Step
	if machine == nil {
		machine = Shipped
	}
	effects, v, err := machine(s.Doc, &s.next, &s.prev, ev, s.Dir, s.effects[:0])
	if err != nil {
		f.err = err
		return
	}
	s.effects = effects
	t := Transition{Doc: s.Doc, Prev: &s.prev, Next: &s.next, Event: ev, Effects: effects, Verdict: v}
	if f.err = t.Check(); f.err != nil {
		f.err = fmt.Errorf("%s %s in %s: %w", ev.Kind, v, s.prev.Status, f.err)
		return
	}
	if v.Kind != escalation.Applied {
		return // the same state, for all that the next step can see
	}
	canonical(&s.next)
	s.bytes = escalation.AppendState(s.bytes[:0], &s.next)
	n := len(s.bytes)
	s.bytes = escalation.AppendAlert(s.bytes, s.next.Alert)
	f.print, f.alert = fingerprint(s.bytes), fingerprint(s.bytes[n:])
	if _, ok := s.seen[f.print]; !ok {
		f.node = node{alert: s.next.Alert, bytes: bytes.Clone(s.bytes[:n])}
	}
}
