//go:build unix

package nodes

import (
	"crypto/rand"
	"database/sql"
	"os"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
)

// postgres makes a schema for the length of a test, and returns the URL that
// leads into it.
func postgres(t *testing.T) string {
	t.Helper()
	url := os.Getenv("BELFRY_PG")
	if url == "" {
		url = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	db, err := sql.Open("pgx", url)
	if err == nil {
		err = db.PingContext(t.Context())
	}
	if err != nil {
		const how = "no PostgreSQL: set BELFRY_PG to the URL of one in which schemas may be made, or start one on 127.0.0.1:5432 that trusts user postgres"
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v", how, err)
		}
		t.Skipf("%s: %v", how, err)
	}
	name := "belfry_test_" + strings.ToLower(rand.Text())
	if _, err := db.Exec("CREATE SCHEMA " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := db.Exec("DROP SCHEMA " + name + " CASCADE")
		if e := db.Close(); err != nil || e != nil {
			t.Error(err, e)
		}
	})
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + name
}
