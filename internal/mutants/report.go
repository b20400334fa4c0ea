package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// report writes what must be done and, in the last line, the numbers. It returns
// false if there is something to do.
func report(out io.Writer, all, chosen []mutant, verdicts []verdict, listed *list) bool {
	count := map[verdict]int{}
	equivalent := 0
	var todo []string
	for i, m := range chosen {
		count[verdicts[i]]++
		switch v := verdicts[i]; {
		case v == survived && listed.has(m):
			equivalent++
		case v == survived:
			todo = append(todo, "survived: "+m.String())
		case v == killed && listed.has(m):
			todo = append(todo, "listed as equivalent, but a test fails: "+m.String())
		case v == invalid && listed.has(m):
			todo = append(todo, "listed as equivalent, but does not compile: "+m.String())
		}
	}
	for _, name := range listed.order {
		if !slices.ContainsFunc(all, func(m mutant) bool { return m.String() == name }) {
			todo = append(todo, "listed as equivalent, but no such mutant exists: "+name)
		}
	}
	if n := count[notTried]; n > 0 {
		todo = append(todo, fmt.Sprintf("time is up: %d mutants not tried", n))
	}
	slices.Sort(todo)
	if len(todo) > 0 {
		fmt.Fprintln(out, strings.Join(todo, "\n"))
		fmt.Fprintf(out, "Write a Rego test that fails for each survivor, or list it in %s with the reason.\n", listed.file)
	}
	tried := count[killed] + count[survived]
	fmt.Fprintf(out, "%d mutants, %d killed, %d survived (%d listed as equivalent); %d do not compile; killed %s of those not equivalent\n",
		tried, count[killed], count[survived], equivalent, count[invalid], percent(count[killed], tried-equivalent))
	return len(todo) == 0
}

func percent(part, whole int) string {
	if whole == 0 {
		return "none"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
