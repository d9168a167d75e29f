package pgstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/policy"
)

// plain is a driver that knows the least that database/sql asks for: no arrays.
type plain struct{ driver.Connector }

func (c plain) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	return struct {
		driver.Conn
		driver.ConnBeginTx
	}{conn, conn.(driver.ConnBeginTx)}, err
}

// TestPlainDriver commits all that a commit may have, and what is refused, with
// a driver that a host brings: batches go to the server as text.
func TestPlainDriver(t *testing.T) {
	config, err := pgx.ParseConfig(schema(t))
	if err != nil {
		t.Fatal(err)
	}
	st, err := sqlstore.Open(t.Context(), sql.OpenDB(plain{stdlib.GetConnector(*config)}), sqlstore.PostgreSQL, sqlstore.OwnDB())
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	const odd = "a\x00\"\\{},\xff"
	id := store.SeenID{Author: odd, ID: odd}
	one, two := commitTo("alert/"+odd, store.Genesis("alert/"+odd)), commitTo("b", store.Genesis("b"))
	one.Key, one.State, one.Subject, one.Rank, one.Due = odd, []byte(odd), []byte{}, 7, -5
	one.Seen = []store.Seen{{SeenID: id, Content: store.Hash{1}, Seq: 1}, {SeenID: id, Content: store.Hash{2}, Seq: 1}}
	one.Add = []store.Item{
		{ID: escalation.EffectID{Seq: 1}, Target: odd, Body: []byte(odd), NotBefore: -1},
		{ID: escalation.EffectID{Seq: 1, I: 1}},
	}
	if err := st.Commit(t.Context(), one, two); err != nil {
		t.Fatal(err)
	}
	var snap store.Snapshot
	if err := st.Load(t.Context(), one.Stream, &snap); err != nil || string(snap.State) != odd || snap.Subject == nil || snap.Rank != 7 || snap.Due != -5 {
		t.Errorf("loaded %+v, %v", snap, err)
	}
	if seen, err := st.Seen(t.Context(), one.Stream, id); err != nil || seen.Content != (store.Hash{1}) {
		t.Errorf("seen %+v, %v; want the first", seen, err)
	}
	items, _, err := st.Claim(t.Context(), store.Ask{By: 0, Limit: 9, Owner: "o", Until: 9})
	if err != nil || len(items) != 2 || items[0].Target != odd || string(items[0].Body) != odd {
		t.Fatalf("claimed %+v, %v", items, err)
	}
	other := commitTo("alert/other", store.Genesis("alert/other"))
	other.Key = odd
	late, gone, good := commitTo("b", store.Genesis("b")), commitTo(one.Stream, one.Position()), commitTo("b", two.Position())
	gone.Remove = []store.Lease{items[0].Lease()}
	gone.Remove[0].Token++
	_ = st.Commit(t.Context(), other, late, gone, good)
	for _, tt := range []struct {
		of   *store.Commit
		want error
	}{{other, store.ErrKeyOpen}, {late, store.ErrConflict}, {gone, store.ErrLease}, {good, nil}} {
		if !errors.Is(tt.of.Err, tt.want) {
			t.Errorf("a commit to %q has error %v, want %v", tt.of.Stream, tt.of.Err, tt.want)
		}
	}
	last := commitTo(one.Stream, one.Position())
	last.Remove = []store.Lease{items[0].Lease(), items[1].Lease()}
	if err := st.Commit(t.Context(), last); err != nil {
		t.Error(err)
	}
	if items, next, err := st.Claim(t.Context(), store.Ask{By: 99, Limit: 9, Owner: "o", Until: 199}); err != nil || len(items) != 0 || next != policy.Never {
		t.Errorf("of what was removed, %d items and next %d are left, %v", len(items), next, err)
	}
}
