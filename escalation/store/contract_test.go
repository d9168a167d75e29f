package store_test

import (
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}
