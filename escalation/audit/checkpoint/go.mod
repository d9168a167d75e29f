module github.com/belfry-go/belfry/escalation/audit/checkpoint

go 1.26.0

require (
	github.com/belfry-go/belfry v0.0.0
	golang.org/x/mod v0.43.0
)

replace github.com/belfry-go/belfry => ../../../
