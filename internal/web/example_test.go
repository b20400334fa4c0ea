package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/prodgate/prodgate/internal/web"
)

// A system reads all pages of a list within a deadline, and treats a list that it
// could not read to its end as unknown.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("page") == "" {
			w.Header().Set("Link", `</repos/web/pulls?state=open&page=2>; rel="next"`)
			fmt.Fprint(w, `[{"number": 1}]`)
			return
		}
		fmt.Fprint(w, `[{"number": 2}]`)
	}))
	defer server.Close()

	github, err := web.New(web.Options{Base: server.URL, Auth: web.Bearer("token")})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	call := web.Call{Path: web.Path("repos", "web", "pulls"), Query: url.Values{"state": {"open"}}}
	for page, err := range github.Pages(ctx, call, nil) {
		var pulls []struct{ Number int }
		if err == nil {
			err = page.JSON(&pulls)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(pulls)
	}
	// Output:
	// [{1}]
	// [{2}]
}
