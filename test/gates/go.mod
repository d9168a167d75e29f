module github.com/belfry-go/belfry/test/gates

go 1.26.0

require (
	github.com/anishathalye/porcupine v1.3.1
	github.com/belfry-go/belfry v0.0.0
	github.com/benbjohnson/clock v1.3.5
)

replace github.com/belfry-go/belfry => ../../
