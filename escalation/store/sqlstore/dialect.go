package sqlstore

import (
	"fmt"
	"strings"
)

// Dialect is a kind of database.
type Dialect uint8

const (
	// SQLite is a file, for one machine. Version 3.37 or later.
	SQLite Dialect = iota + 1
	// PostgreSQL is a server, for many nodes. Version 13 or later.
	PostgreSQL
)

// String is the dialect's name.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "SQLite"
	case PostgreSQL:
		return "PostgreSQL"
	}
	return fmt.Sprintf("dialect %d", uint8(d))
}

// text is a statement in the dialect: they are written with SQLite's numbered
// parameters.
func (d Dialect) text(statement string) string {
	if d == PostgreSQL {
		return strings.ReplaceAll(statement, "?", "$")
	}
	return statement
}

// PostgreSQLSettings are what the connections to a PostgreSQL should say, as a
// host's own may (ALTER ROLE … SET, or the driver's parameters) and pgstore's
// do. The store is right without them, and quicker with them: each of its
// statements is meant to walk an index, and what PostgreSQL believes about
// tables that fill and empty all day is rarely so, and then it reads and sorts
// all of them instead.
func PostgreSQLSettings() map[string]string {
	return map[string]string{
		"enable_seqscan":    "off",
		"enable_bitmapscan": "off",
		"jit":               "off",
		"plan_cache_mode":   "force_generic_plan",
	}
}
