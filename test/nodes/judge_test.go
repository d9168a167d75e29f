//go:build unix

package nodes

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// verdict is what is counted.
type verdict struct {
	triggers, acks, resolves, looks, checks, doubts, enters int

	missing, twice, again int
	result                porcupine.CheckResult
}

func (v verdict) String() string {
	return fmt.Sprintf("%d triggers, %d acknowledgements, %d resolves, %d looks, %d questions to a gate (%d in doubt), %d tiers entered by the clock, linearizable: %s; "+
		"%d pages missing, %d tiers told under two ids, %d pages said again under their id",
		v.triggers, v.acks, v.resolves, v.looks, v.checks, v.doubts, v.enters, v.result, v.missing, v.twice, v.again)
}

// judge holds what the clients saw to the model, and what was paged to what was
// committed. Its nodes have ended.
func (c *clients) judge(t *testing.T) verdict {
	t.Helper()
	entered, ids := c.f.entries(t)
	v := c.check(t, append(c.history, entered...))
	v.enters = len(entered)
	under := map[string]string{}
	for _, p := range c.f.pages {
		at := p.name + " " + p.tier
		if first, ok := under[at]; ok {
			v.twice++
			t.Errorf("tier %s of %s was told under %s and %s", p.tier, p.name, first, p.id)
		}
		under[at] = p.id
		v.again += p.again
		_, rest, _ := strings.Cut(p.id, ":")
		if record := rest[:max(0, strings.LastIndexByte(rest, '/'))]; !ids[record] {
			t.Errorf("page %s: no record %s enters a tier", p.id, record)
		}
	}
	for _, key := range c.silent {
		for _, tier := range tiers() {
			if under[key+"#1 "+tier] == "" {
				v.missing++
				t.Errorf("tier %s of %s was never told", tier, key)
			}
		}
	}
	if t.Failed() {
		t.Log(strings.Join(c.f.log, "\n"))
	}
	return v
}

// check looks for an order of all operations.
func (c *clients) check(t *testing.T, history []porcupine.Operation) (v verdict) {
	t.Helper()
	for i := range history {
		switch history[i].Input.(input).verb {
		case opTrigger:
			v.triggers++
		case opAckSam, opAckOmar:
			v.acks++
		case opResolve:
			v.resolves++
		case opLook:
			v.looks++
		case opCheck, opGlance:
			v.checks++
			if history[i].Output.(output).verdict == "doubt" {
				v.doubts++
			}
		}
	}
	m := model()
	var info porcupine.LinearizationInfo
	v.result, info = porcupine.CheckOperationsVerbose(m, history, time.Minute)
	if v.result != porcupine.Ok && c.f.bug == noBug {
		path := filepath.Join(os.TempDir(), "belfry-history.html")
		t.Errorf("the history is not linearizable (%s); %s shows it", v.result, path)
		if err := porcupine.VisualizePath(m, info, path); err != nil {
			t.Error(err)
		}
		t.Log(unordered(history))
	}
	return v
}

// unordered are the operations on the keys for which there is no order.
func unordered(history []porcupine.Operation) string {
	var b strings.Builder
	for _, part := range partition(history) {
		if porcupine.CheckOperations(model(), part) {
			continue
		}
		for _, op := range part {
			fmt.Fprintf(&b, "%d…%d %+v: %+v\n", op.Call, op.Return, op.Input, op.Output)
		}
	}
	return b.String()
}
