package trail

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func (postgresEngine) snapshot(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	return err
}

// schema asks for exactly our tables, columns, computed columns and indexes, and
// for nothing that changes what is read or written: no trigger, rule, view,
// row security or child table. How a server prints an expression depends on its
// version; verify computes those columns itself.
func (e postgresEngine) schema(ctx context.Context, q querier) (wrong []string, err error) {
	want := e.expectedSchema()
	rows, err := q.QueryContext(ctx, postgresSchemaQuery, e.namespace, postgresNames)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		if !want[line] {
			wrong = append(wrong, fmt.Sprintf("%.200q is not as prodgate makes it", line))
		}
		delete(want, line)
	}
	for _, line := range slices.Sorted(maps.Keys(want)) {
		wrong = append(wrong, "it is missing: "+line)
	}
	return wrong, rows.Err()
}

const postgresSchemaQuery = `
WITH ours AS (SELECT c.oid, c.relname, c.relkind, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = ANY ($2))
SELECT 'kind ' || relkind::text || ' ' || relname || CASE WHEN relrowsecurity THEN ' with row security' ELSE '' END FROM ours
UNION ALL
SELECT 'column ' || o.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN ' must' ELSE '' END || CASE WHEN a.attgenerated <> '' THEN ' computed' ELSE '' END || CASE WHEN a.atthasdef AND a.attgenerated = '' THEN ' with a default' ELSE '' END
FROM ours o JOIN pg_attribute a ON a.attrelid = o.oid WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index ' || i.relname || ' on ' || o.relname || ' ' || (SELECT string_agg(coalesce(a.attname::text, '?'), ',' ORDER BY k.n) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (num, n) LEFT JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = k.num)
 || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END || CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' invalid' END
FROM ours o JOIN pg_index x ON x.indrelid = o.oid JOIN pg_class i ON i.oid = x.indexrelid
UNION ALL
SELECT 'trigger ' || t.tgname || ' on ' || o.relname FROM ours o JOIN pg_trigger t ON t.tgrelid = o.oid
UNION ALL
SELECT 'rule ' || r.rulename || ' on ' || o.relname FROM ours o JOIN pg_rewrite r ON r.ev_class = o.oid
UNION ALL
SELECT 'constraint ' || k.conname || ' ' || k.contype::text || ' on ' || o.relname FROM ours o JOIN pg_constraint k ON k.conrelid = o.oid WHERE k.contype NOT IN ('p', 'n')
UNION ALL
SELECT 'table below or above ' || o.relname FROM ours o JOIN pg_inherits h ON h.inhparent = o.oid OR h.inhrelid = o.oid
UNION ALL
SELECT 'policy ' || p.polname || ' on ' || o.relname FROM ours o JOIN pg_policy p ON p.polrelid = o.oid`

// expectedSchema are the lines that the query gives of tables as we make them.
func (e postgresEngine) expectedSchema() map[string]bool {
	want := map[string]bool{}
	for table, list := range map[string][]string{
		"meta":        {"name text must", "value text must"},
		"entries":     {"seq bigint must", "body text must"},
		"hashes":      {"position bigint must", "hash bytea must"},
		"checkpoints": {"size bigint must", "note text must"},
		chainsTable:   {"node bigint must", "content bytea must"},
		"blobs": {"digest text must", "seq bigint must", "media_type text must", "size bigint must", "salt bytea", "content bytea", "plain bytea",
			"erased_at text", "erased_seq bigint"},
	} {
		want["kind r "+table] = true
		for i, column := range list {
			want["column "+table+"."+column] = true
			if i == 0 {
				name, _, _ := strings.Cut(column, " ")
				want["index "+table+"_pkey on "+table+" "+name+" unique"] = true
			}
		}
	}
	for _, c := range columns {
		must := ""
		if c.must {
			must = " must"
		}
		want["column entries."+c.name+" text"+must+" computed"] = true
	}
	want["index entries_id on entries id unique"] = true
	for _, index := range postgresIndexes {
		on, partial := index.on, ""
		if before, _, ok := strings.Cut(on, " WHERE "); ok {
			on, partial = before, " partial"
		}
		table, list, _ := strings.Cut(on, " (")
		want["index "+index.name+" on "+table+" "+strings.ReplaceAll(strings.TrimSuffix(list, ")"), ", ", ",")+partial] = true
	}
	return want
}

// integrity has nothing to ask: what PostgreSQL knows of its pages, it says when
// they are read.
func (postgresEngine) integrity(context.Context, querier) ([]string, error) { return nil, nil }

// damaged are data that PostgreSQL found corrupted, and tables that are gone.
func (postgresEngine) damaged(err error) bool {
	code := state(err)
	return code == "XX001" || code == "XX002" || code == "42P01" || code == "42703"
}
