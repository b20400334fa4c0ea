package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to remove a script's data
	"github.com/prodgate/prodgate/trail"
	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // to tamper with a trail
)

// alterBySQL changes a trail's database directly: the triggers that prevent it are
// removed first and restored afterwards.
func alterBySQL(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: sql TRAIL STATEMENT")
	}
	db := openSQL(ts, args[0])
	defer db.Close()
	var triggers, definitions []string
	rows, err := db.Query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
	ts.Check(err)
	for rows.Next() {
		var name, definition string
		ts.Check(rows.Scan(&name, &definition))
		triggers, definitions = append(triggers, name), append(definitions, definition)
	}
	ts.Check(rows.Err())
	for _, name := range triggers {
		_, err := db.Exec("DROP TRIGGER " + name)
		ts.Check(err)
	}
	result, err := db.Exec(args[1])
	ts.Check(err)
	changed, err := result.RowsAffected()
	ts.Check(err)
	if changed == 0 {
		ts.Fatalf("%s changed nothing", args[1])
	}
	for _, definition := range definitions {
		_, err := db.Exec(definition)
		ts.Check(err)
	}
}

func openSQL(ts *testscript.TestScript, name string) *sql.DB {
	db, err := sql.Open("sqlite", ts.MkAbs(name))
	ts.Check(err)
	db.SetMaxOpenConns(1)
	return db
}

// held is the trail that a script has locked.
type held struct{}

func lockTrail(ts *testscript.TestScript, _ bool, args []string) {
	db := openSQL(ts, args[0])
	conn, err := db.Conn(context.Background())
	ts.Check(err)
	_, err = conn.ExecContext(context.Background(), "BEGIN IMMEDIATE")
	ts.Check(err)
	free := func() {
		_, _ = conn.ExecContext(context.Background(), "ROLLBACK")
		_ = conn.Close()
		_ = db.Close()
	}
	ts.Value(held{}).(*holding).free = free
	ts.Defer(free)
}

func unlockTrail(ts *testscript.TestScript, _ bool, _ []string) { ts.Value(held{}).(*holding).free() }

// holding is the lock of a script.
type holding struct{ free func() }

// postgresServer is the variable that names a PostgreSQL to test with.
const postgresServer = "PRODGATE_TEST_POSTGRES"

// placeInPostgres gives a script the location of its own trail, until it ends.
func placeInPostgres(env *testscript.Env, server string) error {
	schema := fmt.Sprintf("script_%d", time.Now().UnixNano())
	separator := "?"
	if strings.Contains(server, "?") {
		separator = "&"
	}
	env.Setenv("POSTGRES", server+separator+"search_path="+schema)
	env.Defer(func() {
		db, err := sql.Open("pgx", server)
		if err != nil {
			return
		}
		defer db.Close()
		_, _ = db.Exec("DROP SCHEMA IF EXISTS " + schema + " CASCADE")
	})
	return nil
}

// recordSteps appends the steps of trail.jsonl to a trail, as the pipeline does, and
// removes the file from prodgate.yaml.
func recordSteps(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(stepsInto(ts.MkAbs("."), ts.MkAbs(args[0]), time.Now))
}

// stepsInto moves the steps of dir's evidence into a trail, and removes them from the
// configuration.
func stepsInto(dir, location string, clock func() time.Time) (err error) {
	log, err := trail.Open(context.Background(), location, trail.Options{Clock: clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	steps, err := os.ReadFile(filepath.Join(dir, "trail.jsonl"))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(steps)) {
		var step struct {
			Type, Digest, Result string
			At                   time.Time
		}
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			return err
		}
		environment, data := "staging", map[string]any{"result": step.Result}
		if step.Type == trail.TypeApprovalGranted {
			environment, data = "production", map[string]any{"approver": "mailto:platform-lead@example.com", "approved_at": step.At}
		}
		text, err := json.Marshal(data)
		if err != nil {
			return err
		}
		_, err = log.Append(context.Background(), trail.Event{
			ID: trail.NewID(), Type: step.Type, OccurredAt: step.At, Digest: step.Digest, Data: text,
			Service: "payments-api", Environment: environment, Writer: trail.Writer{Subject: "repo:acme/payments-api", Assurance: trail.AssuranceCI},
		})
		if err != nil {
			return err
		}
	}
	configuration := filepath.Join(dir, "prodgate.yaml")
	text, err := os.ReadFile(configuration)
	if err != nil {
		return err
	}
	without := strings.Replace(string(text), "  trail: {file: trail.jsonl}\n", "", 1)
	return os.WriteFile(configuration, []byte(without), 0o600)
}
