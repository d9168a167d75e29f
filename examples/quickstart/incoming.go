package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// incoming is what an event from outside means: a problem, or the end of one.
type incoming struct {
	// At is the sender's time. It decides nothing: the engine has its own.
	At time.Time
	// By is the service that sent it, as the host authenticated the sender.
	// Nothing in a payload is taken for an author.
	By   policy.Target
	What string // for people

	Key     string        // of the alert
	Alert   *policy.Alert // a problem; nil: something was done
	Outcome string        // what was done
	Closes  bool          // and the problem is over with it, whatever else is expected
}

// parser reads the payload of one source.
type parser func(payload []byte, inv inventory) (incoming, error)

// errUnhandled says that a payload is well formed and of no concern here.
var errUnhandled = errors.New("nothing to do")

// decode reads JSON into what a source's payload is; name is for messages.
func decode(name string, payload []byte, into any) error {
	if err := json.Unmarshal(payload, into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
