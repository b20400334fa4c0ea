module github.com/prodgate/prodgate

go 1.26
