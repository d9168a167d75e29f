package pgstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/escalation/store/storetest"
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

// TestContractOfPlainDriver holds the store to its contract with a driver that
// a host brings.
func TestContractOfPlainDriver(t *testing.T) {
	server(t)
	storetest.Suite{New: func(t *testing.T) store.Store {
		config, err := pgx.ParseConfig(schema(t))
		if err != nil {
			t.Fatal(err)
		}
		st, err := sqlstore.Open(t.Context(), sql.OpenDB(plain{stdlib.GetConnector(*config)}), sqlstore.PostgreSQL, sqlstore.OwnDB())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		return st
	}}.Run(t)
}
