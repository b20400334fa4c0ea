package trail

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
)

// errInjected is the error of a call that a test lets fail.
var errInjected = errors.New("injected: the call failed")

// faults lets the Nth call of a database driver fail: before it is done, or
// after, as if its answer was lost.
type faults struct {
	mutex sync.Mutex
	calls int
	fail  int // 0: none
	after bool
}

func (f *faults) wrap(c driver.Connector) driver.Connector { return faultConnector{c, f} }

// call counts a call and makes it, or not.
func (f *faults) call(do func() error) error {
	f.mutex.Lock()
	f.calls++
	hit := f.calls == f.fail
	f.mutex.Unlock()
	if !hit {
		return do()
	}
	if f.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errInjected
}

type faultConnector struct {
	driver.Connector
	faults *faults
}

func (c faultConnector) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = c.faults.call(func() (err error) {
		conn, err = c.Connector.Connect(ctx)
		return err
	})
	if err != nil {
		if conn != nil {
			conn.Close()
		}
		return nil, err
	}
	return &faultConn{conn, c.faults}, nil
}

// faultConn forwards what the drivers of SQLite and PostgreSQL both implement.
type faultConn struct {
	driver.Conn
	faults *faults
}

func (c *faultConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (r driver.Result, err error) {
	err = c.faults.call(func() (err error) {
		r, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	return r, err
}

func (c *faultConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = c.faults.call(func() (err error) {
		rows, err = c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err != nil {
		if rows != nil {
			rows.Close()
		}
		return nil, err
	}
	return &faultRows{rows, c.faults}, nil
}

func (c *faultConn) PrepareContext(ctx context.Context, query string) (s driver.Stmt, err error) {
	err = c.faults.call(func() (err error) {
		s, err = c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
		return err
	})
	if err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	return &faultStmt{s, c.faults}, nil
}

func (c *faultConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c *faultConn) ResetSession(ctx context.Context) error {
	return c.faults.call(func() error { return c.Conn.(driver.SessionResetter).ResetSession(ctx) })
}

func (c *faultConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

func (c *faultConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type faultStmt struct {
	driver.Stmt
	faults *faults
}

func (s *faultStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (r driver.Result, err error) {
	err = s.faults.call(func() (err error) {
		r, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return r, err
}

func (s *faultStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.faults.call(func() (err error) {
		rows, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	if err != nil {
		if rows != nil {
			rows.Close()
		}
		return nil, err
	}
	return &faultRows{rows, s.faults}, nil
}

type faultRows struct {
	driver.Rows
	faults *faults
}

func (r *faultRows) Next(to []driver.Value) error {
	return r.faults.call(func() error { return r.Rows.Next(to) })
}
