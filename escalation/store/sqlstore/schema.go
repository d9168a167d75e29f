package sqlstore

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"path"
	"strings"
)

// migrations are the steps from one version of the tables to the next, a file
// each. One that has been released is never changed.
//
//go:embed schema/*.sql
var migrations embed.FS

// steps returns the migrations of a dialect, the first of which makes version 1.
func (d Dialect) steps() ([]string, error) {
	prefix := strings.ToLower(d.String())
	if d == PostgreSQL {
		prefix = "postgres"
	}
	var all []string
	for {
		name := fmt.Sprintf("%s_%04d.sql", prefix, len(all)+1)
		text, err := migrations.ReadFile(path.Join("schema", name))
		if err != nil {
			break // that was the last
		}
		all = append(all, string(text))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("there are no migrations for %s", d)
	}
	return all, nil
}

// migrator is one transaction, alone among all who migrate.
type migrator interface {
	exec(ctx context.Context, text string, args ...any) error
	// row reads two columns of the only row of a query.
	row(ctx context.Context, text string, a, b any) error
	// exists answers whether a table is there.
	exists(ctx context.Context, table string) (bool, error)
}

// migrate brings the tables up to date and returns the namespace. It writes
// nothing before it knows that the version is one that it knows.
func (d Dialect) migrate(ctx context.Context, m migrator) (namespace string, err error) {
	steps, err := d.steps()
	if err != nil {
		return "", err
	}
	there, err := m.exists(ctx, "belfry_schema")
	if err != nil {
		return "", err
	}
	var version int
	if there {
		if err := m.row(ctx, `SELECT version, namespace FROM belfry_schema`, &version, &namespace); err != nil {
			return "", err
		}
	}
	if version > len(steps) {
		found := &SchemaError{Found: version, Newest: len(steps)}
		return "", &Error{Op: "open", Is: ErrSchema, Err: found}
	}
	if !there {
		namespace = rand.Text()
		if err := m.exec(ctx, `CREATE TABLE belfry_schema (version integer NOT NULL, namespace text NOT NULL)`); err != nil {
			return "", err
		}
		if err := m.exec(ctx, d.text(`INSERT INTO belfry_schema (version, namespace) VALUES (0, ?1)`), namespace); err != nil {
			return "", err
		}
	}
	for _, step := range steps[version:] {
		for _, statement := range statements(step) {
			if err := m.exec(ctx, statement); err != nil {
				return "", err
			}
		}
	}
	if version < len(steps) {
		err = m.exec(ctx, d.text(`UPDATE belfry_schema SET version = ?1`), len(steps))
	}
	return namespace, err
}

// statements splits a migration, in which a semicolon ends a line only where it
// ends a statement: drivers differ in what they make of several at once.
func statements(text string) []string {
	var all []string
	for _, s := range strings.Split(text, ";\n") {
		if strings.TrimSpace(s) != "" {
			all = append(all, s)
		}
	}
	return all
}
