package evaluator

import (
	"context"
	"encoding/json"
	"os"
	"testing"
)

func TestScratch(t *testing.T) {
	e, err := New(context.Background(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile("../fixtures/cases/allow/input.json")
	d, err := e.Replay(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	out, _ := json.MarshalIndent(d, "", " ")
	t.Log(string(out))
}

func BenchmarkDecide(b *testing.B) {
	e, err := New(context.Background(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	text, _ := os.ReadFile("../fixtures/cases/allow/input.json")
	in, err := Read("x", text)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d, err := e.Decide(context.Background(), in)
		if err != nil || d.Outcome != Allow {
			b.Fatal(err)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := New(context.Background(), Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
